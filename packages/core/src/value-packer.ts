import { addExtension, Packr } from "msgpackr";
import type { Payload } from "./envelope.ts";
import { MESSAGE_MAX_BYTES } from "./limits.ts";
import {
  PortableArray,
  PortableBare,
  PortableError,
  PortableLoop,
  PortableMap,
  PortableMinusZero,
  PortablePattern,
  PortableRef,
  PortableText,
} from "./portable-value.ts";

// The numbers are part of the wire and of the stored format: never change one, and never use one
// again.
addExtension({
  Class: PortableRef,
  type: 1,
  write: (ref: PortableRef) => [ref.type, ref.id],
  read: ([type, id]: unknown[]) => new PortableRef(String(type), String(id)),
});
addExtension({
  Class: PortableMap,
  type: 2,
  write: (map: PortableMap) => map.entries,
  read: (entries: unknown) => new PortableMap(Array.isArray(entries) ? entries : []),
});
addExtension({
  Class: PortableError,
  type: 3,
  write: ({ facts }: PortableError) => {
    const { className, registered, name, message, stack, fields, dropped } = facts;
    const parts = [className, packedText(name), packedText(message), packedText(stack), fields];
    if (registered !== undefined) return [...parts, dropped, registered];
    return dropped.length === 0 ? parts : [...parts, dropped];
  },
  // The first version wrote five parts, and passes over the others.
  read: ([className, name, message, stack, fields, dropped, registered]: unknown[]) =>
    new PortableError({
      className: textOf(className),
      ...(typeof registered === "string" ? { registered } : {}),
      name: textOf(name),
      message: textOf(message),
      stack: textOf(stack),
      fields: Object(fields) as Record<string, unknown>,
      dropped: Array.isArray(dropped) ? dropped.map((field) => textOf(field)) : [],
    }),
});

addExtension({
  Class: PortableLoop,
  type: 4,
  write: (loop: PortableLoop) => loop.level,
  read: (level: unknown) => new PortableLoop(Number(level)),
});

/**
 * Bytes of portable values, and back. Values are packed whole; nothing is shared between two packed
 * values.
 */
export interface ValuePacker {
  pack(value: unknown): Uint8Array;
  /** Throws on bytes that are not a packed value. The result shares no memory with them. */
  unpack(bytes: Uint8Array): unknown;
}

addExtension({
  Class: PortableMinusZero,
  type: 5,
  write: () => 0,
  read: () => new PortableMinusZero(),
});
addExtension({
  Class: PortableText,
  type: 6,
  write: ({ text }: PortableText) => Buffer.from(text, "utf16le"),
  read: (bytes: unknown) =>
    new PortableText(bytes instanceof Uint8Array ? Buffer.from(bytes).toString("utf16le") : ""),
});
addExtension({
  Class: PortablePattern,
  type: 7,
  write: ({ source, flags, lastIndex }: PortablePattern) => [packedText(source), flags, lastIndex],
  read: ([source, flags, lastIndex]: unknown[]) =>
    new PortablePattern(textOf(source), textOf(flags), Number(lastIndex)),
});
addExtension({
  Class: PortableBare,
  type: 8,
  write: (bare: PortableBare) => bare.fields,
  read: (fields: unknown) => new PortableBare(Object(fields) as Record<string, unknown>),
});
addExtension({
  Class: PortableArray,
  type: 9,
  write: ({ length, entries }: PortableArray) => [length, ...entries],
  read: ([length, ...entries]: unknown[]) => new PortableArray(Number(length), entries),
});

/** Text inside one of our own forms, which UTF-8 may not be able to hold. */
function packedText(text: string): unknown {
  return text.isWellFormed() ? text : new PortableText(text);
}

function textOf(packed: unknown): string {
  if (packed instanceof PortableText) return packed.text;
  return typeof packed === "string" ? packed : "";
}

const packer = createValuePacker();

/**
 * A payload with a copy of a value that is in its portable form already. `toPortable` would refuse
 * a map or an error in this form, because it is not plain data.
 */
export function copyOfPortable(value: unknown): Payload {
  const bytes = packer.pack(value);
  const size = Math.min(bytes.length, MESSAGE_MAX_BYTES);
  return { value: packer.unpack(bytes), revive: true, size };
}

/**
 * `moreTypes` because without it typed arrays are packed with foreign memory; `structuredClone` for
 * shared references; no `toJSON`, since that is a name like any other in plain data; no records,
 * because a record's decoder is compiled for each packed value, which takes ten times longer;
 * buffers are copied, because a view of a frame would show, and keep, all the frame.
 */
export function createValuePacker(): ValuePacker {
  return new Packr({
    moreTypes: true,
    structuredClone: true,
    useRecords: false,
    mapsAsObjects: true,
    useToJSON: false,
    copyBuffers: true,
  });
}

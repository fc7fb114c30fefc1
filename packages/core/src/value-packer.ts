import { addExtension, Packr } from "msgpackr";
import type { Payload } from "./envelope.ts";
import { MESSAGE_MAX_BYTES } from "./limits.ts";
import { PortableError, PortableLoop, PortableMap, PortableRef } from "./portable-value.ts";

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
  write: ({ facts }: PortableError) => [
    facts.className,
    facts.name,
    facts.message,
    facts.stack,
    facts.fields,
  ],
  read: ([className, name, message, stack, fields]: unknown[]) =>
    new PortableError({
      className: String(className),
      name: String(name),
      message: String(message),
      stack: String(stack),
      fields: Object(fields) as Record<string, unknown>,
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
  /** Throws on bytes that are no packed value. The result shares no memory with them. */
  unpack(bytes: Uint8Array): unknown;
}

const packer = createValuePacker();

/**
 * A payload with a copy of a value that is in its portable form already. `toPortable` would refuse
 * a map or an error in this form, because it is no plain data.
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

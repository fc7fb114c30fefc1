import { types } from "node:util";
import { NotPortable, notPlain } from "./not-portable.ts";
import { addressOfReference, PortablePattern, PortableRef } from "./portable-value.ts";

/** What a leaf is copied as, and the bytes that it counts besides its head. */
export interface CopiedLeaf {
  readonly copy: object;
  readonly bytes: number;
  /** True if the receiver has to make a live value of it. */
  readonly revive: boolean;
}

type BinaryClass = new (source: Uint8Array<ArrayBuffer>) => ArrayBufferView;

/**
 * By prototype, the kinds of binary data that every Node.js of a cluster knows. A subclass has
 * another prototype and is refused, since the receiver could not make one; only `Buffer` travels as
 * what it is underneath. `Float16Array` is not among them: Node.js 22 has none.
 */
const TYPED_ARRAYS = new Map<unknown, BinaryClass>(
  [
    Uint8Array,
    Int8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map((Class) => [Class.prototype, Class as unknown as BinaryClass]),
);
TYPED_ARRAYS.set(Buffer.prototype, Uint8Array);

// The getters of the classes themselves: an own field of the same name must not be believed.
const typedArrayBytes = getterOf(Object.getPrototypeOf(Uint8Array.prototype) as object);
const dataViewBytes = getterOf(DataView.prototype);
const arrayBufferBytes = getterOf(ArrayBuffer.prototype);

/**
 * The copy of an object that is not a container. Throws a `NotPortable`, or what reading it threw.
 */
export function copyLeaf(value: object, prototype: unknown, room: number): CopiedLeaf {
  const TypedArray = TYPED_ARRAYS.get(prototype);
  if (TypedArray !== undefined) return copyTypedArray(value, TypedArray, room);
  if (prototype === Date.prototype) {
    refuseOwnFields(value, 0);
    return { copy: new Date(Date.prototype.getTime.call(value as Date)), bytes: 0, revive: false };
  }
  if (prototype === RegExp.prototype) return copyPattern(value as RegExp);
  if (prototype === DataView.prototype || prototype === ArrayBuffer.prototype)
    return copyBytes(value, prototype, room);
  const address = value instanceof PortableRef ? value : addressOfReference(value);
  if (address === undefined) throw notPlain(describeInstance(value));
  const { type, id } = address;
  if (typeof type !== "string" || typeof id !== "string") throw notPlain("a reference to no actor");
  return { copy: new PortableRef(type, id), bytes: type.length + id.length, revive: true };
}

function copyTypedArray(value: object, Class: BinaryClass, room: number): CopiedLeaf {
  const bytes = typedArrayBytes(value);
  checkRoom(bytes, room);
  // The constructor reads the bytes themselves and runs no code of the value; it throws if its
  // buffer was given away.
  return { copy: new Class(value as Uint8Array<ArrayBuffer>), bytes, revive: false };
}

function copyBytes(value: object, prototype: unknown, room: number): CopiedLeaf {
  refuseOwnFields(value, 0);
  const isView = prototype === DataView.prototype;
  const bytes = isView ? dataViewBytes(value) : arrayBufferBytes(value);
  checkRoom(bytes, room);
  if (isView) {
    const { buffer, byteOffset } = value as DataView;
    const copy = new Uint8Array(bytes);
    copy.set(new Uint8Array(buffer, byteOffset, bytes));
    return { copy: new DataView(copy.buffer), bytes, revive: false };
  }
  const buffer = value as ArrayBuffer;
  if (buffer.resizable) throw notPlain("a resizable ArrayBuffer");
  return { copy: buffer.slice(0), bytes, revive: false };
}

function copyPattern(pattern: RegExp): CopiedLeaf {
  refuseOwnFields(pattern, 1);
  const { source, flags, lastIndex } = pattern;
  if (typeof lastIndex !== "number")
    throw notPlain("a RegExp with a lastIndex that is not a number");
  const bytes = 2 * source.length + flags.length;
  return { copy: new PortablePattern(source, flags, lastIndex + 0), bytes, revive: true };
}

function checkRoom(bytes: number, room: number): void {
  if (bytes > room) throw new NotPortable("PAYLOAD_TOO_LARGE", "");
}

/** A field that somebody gave to a date or a map would be lost in silence. */
export function refuseOwnFields(value: object, expected: number): void {
  const keys = Reflect.ownKeys(value);
  if (keys.length === expected) return;
  throw notPlain(`${describeInstance(value)} with the field ${String(keys[expected])} of its own`);
}

function describeInstance(value: object): string {
  if (types.isPromise(value)) return "a promise (await it first)";
  const name: unknown = (value.constructor as { readonly name?: unknown } | undefined)?.name;
  if (typeof name !== "string" || name === "") return "an instance of a class";
  return name === "Promise" ? "a promise (await it first)" : `an instance of ${name.slice(0, 100)}`;
}

function getterOf(prototype: object): (value: object) => number {
  const getter = Object.getOwnPropertyDescriptor(prototype, "byteLength");
  return (value) => Number(getter?.get?.call(value));
}

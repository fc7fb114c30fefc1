import { Copier } from "./copier.ts";
import type { Payload } from "./envelope.ts";
import { type Ran, TroupeError } from "./errors.ts";
import { MESSAGE_MAX_BYTES } from "./limits.ts";
import { messageOf } from "./message-of.ts";
import { NotPortable } from "./not-portable.ts";
import { PortableError } from "./portable-value.ts";
import { HEAD_BYTES, scalarBytes } from "./scalar-bytes.ts";

/** What a copy is called in error messages, and how large it may be. */
export interface PortableOptions {
  /** The start of every path: `args`, `result`, `state.entries`. */
  readonly root: string;
  readonly maxBytes?: number;
  /** Whether the method of the call that this is for has run; for the error. Default: no. */
  readonly ran?: Ran;
}

/**
 * A deep copy of `value` in the form in which values travel between actors, to the store, and
 * within one silo. Whatever is given back can be packed, and arrives everywhere as the same.
 *
 * Throws `NOT_SERIALIZABLE` with the path of the first function, symbol, promise, class instance or
 * other thing that has no such form, also of what throws when it is read, and `PAYLOAD_TOO_LARGE`
 * as soon as the copy is larger than allowed. It throws nothing else. Strings count with their
 * bytes of UTF-8, binary data with its bytes, and everything with 9 bytes more. A `Buffer` becomes
 * a `Uint8Array`, an accessor the value that it gave, and a frozen object one that is not.
 */
export function toPortable(value: unknown, options: PortableOptions): Payload {
  const maxBytes = options.maxBytes ?? MESSAGE_MAX_BYTES;
  const size = scalarBytes(value);
  if (size !== undefined && size <= maxBytes) return { value, revive: false, size };
  const copier = new Copier(maxBytes);
  try {
    const copy = copier.copy(value, 0);
    return { value: copy, revive: copier.revive, size: copier.size };
  } catch (error) {
    throw refusal(error, options);
  }
}

const ARGUMENTS: PortableOptions = { root: "args" };

/**
 * The arguments of one call, for which nobody else has the array: it becomes the payload itself if
 * it holds numbers, strings and the like only, as most do. That makes them 0.2 µs cheaper.
 */
export function argumentsToPortable(args: unknown[]): Payload {
  let size = HEAD_BYTES;
  for (let index = 0; index < args.length; index++) {
    const bytes = scalarBytes(args[index]);
    if (bytes === undefined || size > MESSAGE_MAX_BYTES) return copyArguments(args);
    size += bytes;
  }
  return size > MESSAGE_MAX_BYTES ? copyArguments(args) : { value: args, revive: false, size };
}

function copyArguments(args: unknown[]): Payload {
  const copier = new Copier(MESSAGE_MAX_BYTES);
  try {
    const copy = copier.copyArguments(args);
    return { value: copy, revive: copier.revive, size: copier.size };
  } catch (error) {
    throw refusal(error, ARGUMENTS);
  }
}

function refusal(thrown: unknown, { root, ran = "no" }: PortableOptions): TroupeError {
  const { code, path, problem } = NotPortable.of(thrown);
  const message =
    code === "PAYLOAD_TOO_LARGE" ? `${root}: ${problem}` : `${root}${path} ${problem}`;
  return new TroupeError(code, message, { ran });
}

/**
 * The portable form of whatever was thrown. Never throws: what cannot be copied is left out, and
 * the error names it. Anything that is not an error and cannot be copied arrives as an error that
 * describes it.
 */
export function errorToPortable(thrown: unknown): Payload {
  const copier = new Copier(MESSAGE_MAX_BYTES, true);
  try {
    const value = copier.copy(thrown, 0);
    return { value, revive: copier.revive, size: copier.size };
  } catch (error) {
    const { path, problem } = NotPortable.of(error);
    const message = messageOf(thrown);
    const value = new PortableError({
      className: "Error",
      name: "Error",
      message,
      stack: "",
      fields: {},
      dropped: [`what was thrown${path} ${problem}`],
    });
    return { value, revive: true, size: HEAD_BYTES + message.length };
  }
}

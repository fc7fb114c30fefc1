import { hiddenField, isDense, keyBytes } from "./container-keys.ts";
import { copyLeaf, refuseOwnFields } from "./copy-leaf.ts";
import { accountOf, DROPPED_FIELDS, type ErrorAccount, isShownField } from "./error-account.ts";
import { VALUE_MAX_DEPTH } from "./limits.ts";
import { cutText, isErrorValue } from "./message-of.ts";
import { NotPortable, notPlain } from "./not-portable.ts";
import {
  PortableArray,
  PortableBare,
  PortableError,
  PortableLoop,
  PortableMap,
  PortableMinusZero,
  PortableText,
} from "./portable-value.ts";
import { HEAD_BYTES, scalarBytes } from "./scalar-bytes.ts";

/** Characters of a thrown error's message or name; a longer one would crowd out its fields. */
const THROWN_TEXT_MAX = 65_536;

/** Dropped fields of one error that are named. */
const DROPPED_MAX = 20;

/**
 * Errors below each other, such as those of a chain of causes. Each takes several levels of the
 * packer's stack, and more of them could overflow it.
 */
const ERRORS_MAX = 100;

const MINUS_ZERO = new PortableMinusZero();

/**
 * One deep copy of a value into its portable form.
 *
 * CPY-1. Whatever a getter, a trap or a hook of the value throws is a refusal with the path, and
 *     nothing else leaves `copy`.
 * CPY-2. Each field is read once, so a getter cannot show one value to the check and another to the
 *     copy.
 * CPY-3. What is given back can be packed, whatever is in it: it holds nothing but data and the
 *     classes of `portable-value.ts`, made here.
 * CPY-4. Of an error a field that cannot be copied is left out and named, and costs nothing else.
 */
export class Copier {
  size = 0;
  revive = false;
  readonly #maxBytes: number;
  /** True for what was thrown: then no size is a reason to lose the error. */
  readonly #isThrown: boolean;
  /**
   * Made when the first object is met, so that copying numbers and strings allocates nothing but
   * this copier.
   */
  #copies: Map<object, unknown> | undefined;
  /** Errors around the current place. */
  #errors = 0;
  /** What was entered into `#copies` since the outermost error, so that it can be taken back. */
  #entered: object[] | undefined;
  /**
   * The containers that are being copied, from the outermost in; those beyond the current depth are
   * old.
   */
  readonly #open: unknown[] = [];

  constructor(maxBytes: number, isThrown = false) {
    this.#maxBytes = maxBytes;
    this.#isThrown = isThrown;
  }

  /** `depth` containers lie around the value. */
  copy(value: unknown, depth: number): unknown {
    const bytes = scalarBytes(value);
    if (bytes !== undefined) {
      this.#add(bytes);
      return value;
    }
    switch (typeof value) {
      case "number":
        this.#add(HEAD_BYTES);
        this.revive = true;
        return MINUS_ZERO;
      case "string":
        this.#add(HEAD_BYTES + 2 * value.length);
        this.revive = true;
        return new PortableText(value);
      case "bigint":
        this.#add(HEAD_BYTES);
        if (value >= 2n ** 63n || value < -(2n ** 63n)) this.#add(value.toString(16).length);
        return value;
      case "function":
        throw notPlain(value.name === "" ? "a function" : `the function ${value.name}`);
      case "symbol":
        throw notPlain("a symbol");
      case "object":
      case "boolean":
      case "undefined":
        this.#add(HEAD_BYTES);
        return this.#copyObject(value as object, depth + 1);
    }
  }

  /**
   * The arguments of a call, whose array was made for it: nobody can have given it holes or fields.
   */
  copyArguments(args: readonly unknown[]): unknown {
    this.#add(HEAD_BYTES);
    this.#copies = new Map();
    return this.#copyItems(args, args, 1);
  }

  #add(bytes: number): void {
    this.size += bytes;
    if (this.size > this.#maxBytes) throw this.#tooLarge();
  }

  #tooLarge(): NotPortable {
    const what = `more than ${this.#maxBytes} bytes; pass less at a time`;
    return new NotPortable("PAYLOAD_TOO_LARGE", what);
  }

  #copyObject(value: object, depth: number): unknown {
    if (depth > VALUE_MAX_DEPTH) throw notPlain(`nested deeper than ${VALUE_MAX_DEPTH} levels`);
    const copies = (this.#copies ??= new Map());
    const known = copies.get(value);
    if (known !== undefined) return this.#repeat(known, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#copyPlain(value as Fields, depth);
    if (prototype === Array.prototype) return this.#copyArray(value as unknown[], depth);
    if (prototype === Map.prototype) return this.#copyMap(value as Map<unknown, unknown>, depth);
    if (prototype === Set.prototype) return this.#copySet(value as Set<unknown>, depth);
    if (prototype === null) return this.#copyBare(value as Fields, depth);
    if (isErrorValue(value)) return this.#copyError(value, depth);
    const { copy, bytes, revive } = this.#leaf(value, prototype);
    this.#add(bytes);
    if (revive) this.revive = true;
    this.#remember(value, copy);
    return copy;
  }

  #leaf(value: object, prototype: unknown): ReturnType<typeof copyLeaf> {
    try {
      return copyLeaf(value, prototype, this.#maxBytes - this.size);
    } catch (error) {
      const refusal = NotPortable.of(error);
      throw refusal.code === "PAYLOAD_TOO_LARGE" ? this.#tooLarge() : refusal;
    }
  }

  #remember(value: object, copy: unknown): void {
    this.#copies?.set(value, copy);
    this.#entered?.push(value);
  }

  /** Remembers the copy of a container before its contents are copied, since they may hold it. */
  #enter(value: object, copy: object, depth: number): void {
    this.#remember(value, copy);
    this.#open[depth - 1] = copy;
  }

  /** What was copied before: the same copy, or the way up to it if this place lies in it. */
  #repeat(copy: unknown, depth: number): unknown {
    for (let level = 0; level < depth - 1; level++) {
      if (this.#open[level] !== copy) continue;
      this.revive = true;
      return new PortableLoop(level);
    }
    return copy;
  }

  #copyPlain(value: Fields, depth: number): unknown {
    const copy: Fields = {};
    this.#enter(value, copy, depth);
    this.#copyFields(value, copy, depth);
    return copy;
  }

  #copyBare(value: Fields, depth: number): PortableBare {
    const copy = new PortableBare({});
    this.revive = true;
    this.#enter(value, copy, depth);
    this.#copyFields(value, copy.fields, depth);
    return copy;
  }

  /** Throws if a field cannot be copied, or if there are such as a copy would not show. */
  #copyFields(value: Fields, copy: Fields, depth: number): void {
    const keys = Object.keys(value);
    const isWhole =
      Object.getOwnPropertyNames(value).length === keys.length &&
      Object.getOwnPropertySymbols(value).length === 0;
    if (!isWhole) throw hiddenField(value);
    let at = "";
    try {
      for (const key of keys) {
        at = key;
        this.size += keyBytes(key);
        const item = value[key];
        const bytes = scalarBytes(item);
        if (bytes === undefined) {
          copy[key] = this.copy(item, depth);
        } else {
          this.#add(bytes);
          copy[key] = item;
        }
      }
    } catch (error) {
      throw NotPortable.of(error).below(at);
    }
  }

  #copyArray(value: readonly unknown[], depth: number): unknown {
    const items = Object.values(value);
    return isDense(value, items)
      ? this.#copyItems(value, items, depth)
      : this.#copySparse(value, depth);
  }

  /** `items` are those of `value`, read once. */
  #copyItems(value: readonly unknown[], items: readonly unknown[], depth: number): unknown {
    const copy: unknown[] = [];
    this.#enter(value, copy, depth);
    let index = 0;
    try {
      for (; index < items.length; index++) {
        const item = items[index];
        const bytes = scalarBytes(item);
        if (bytes === undefined) {
          copy.push(this.copy(item, depth));
        } else {
          this.#add(bytes);
          copy.push(item);
        }
      }
    } catch (error) {
      throw NotPortable.of(error).below(index);
    }
    return copy;
  }

  #copySparse(value: readonly unknown[], depth: number): PortableArray {
    const keys = Object.keys(value);
    const copy = new PortableArray(value.length, []);
    this.revive = true;
    this.#enter(value, copy, depth);
    for (const [index, key] of keys.entries()) {
      try {
        this.#add(HEAD_BYTES + keyBytes(key));
        // Before the first hole, and before the first name, most keys are their own place.
        const item = this.copy(value[key as unknown as number], depth);
        copy.entries.push(key === String(index) ? index : key, item);
      } catch (error) {
        throw NotPortable.of(error).below(key);
      }
    }
    return copy;
  }

  #copyMap(value: Map<unknown, unknown>, depth: number): PortableMap {
    refuseOwnFields(value, 0);
    const copy = new PortableMap([]);
    this.revive = true;
    this.#enter(value, copy, depth);
    for (const [key, item] of Map.prototype.entries.call(value)) {
      copy.entries.push(this.#step(key, depth, "(key)"));
      const isShown = typeof key === "string" || typeof key === "number";
      copy.entries.push(this.#step(item, depth, isShown ? key : "(key)"));
    }
    return copy;
  }

  #copySet(value: Set<unknown>, depth: number): Set<unknown> {
    refuseOwnFields(value, 0);
    const copy = new Set<unknown>();
    this.#enter(value, copy, depth);
    let index = 0;
    for (const item of Set.prototype.values.call(value)) copy.add(this.#step(item, depth, index++));
    return copy;
  }

  /** Copies what a container holds under `key`, and names the key if that fails. */
  #step(value: unknown, depth: number, key: string | number): unknown {
    try {
      return this.copy(value, depth);
    } catch (error) {
      throw NotPortable.of(error).below(key);
    }
  }

  #copyError(value: Error, depth: number): PortableError {
    if (this.#errors >= ERRORS_MAX) throw notPlain(`below ${ERRORS_MAX} other errors`);
    this.#errors++;
    try {
      return this.#copyOneError(value, depth);
    } finally {
      this.#errors--;
    }
  }

  #copyOneError(value: Error, depth: number): PortableError {
    const textMax = this.#isThrown ? THROWN_TEXT_MAX : Number.POSITIVE_INFINITY;
    const account = accountOf(value, textMax);
    const { className, registered, name, message, stack } = account;
    const fields: Fields = {};
    const dropped = [...account.unread];
    const copy = new PortableError({
      className,
      ...(registered === undefined ? {} : { registered }),
      name,
      message,
      stack,
      fields,
      dropped,
    });
    this.revive = true;
    const isOutermost = this.#entered === undefined;
    this.#entered ??= [];
    this.#enter(value, copy, depth);
    this.#add(name.length + message.length + stack.length);
    this.#copyErrorFields(value, { account, fields, dropped, depth });
    if (isOutermost) this.#entered = undefined;
    return copy;
  }

  #copyErrorFields(error: Error, into: ErrorFields): void {
    const { account, fields, dropped, depth } = into;
    for (const [key, value] of Object.entries(account.odd)) {
      const problem = this.#field(fields, key, () => value, depth);
      if (problem !== undefined) dropped.push(problem);
    }
    for (const key of account.keys) {
      if (key === DROPPED_FIELDS) continue;
      const problem =
        typeof key === "symbol"
          ? `${String(key)} is not a text`
          : this.#field(fields, key, () => (error as unknown as Fields)[key], depth);
      if (problem !== undefined && isShownField(error, key)) dropped.push(problem);
    }
    const earlier = account.keys.includes(DROPPED_FIELDS) ? droppedBefore(error) : [];
    if (earlier.length > 0) dropped.push(...earlier);
    const more = dropped.length - DROPPED_MAX;
    if (more > 0) dropped.splice(DROPPED_MAX, more, `and ${more} more`);
  }

  /** Copies one field of an error, or says why it cannot be. */
  #field(fields: Fields, key: string, read: () => unknown, depth: number): string | undefined {
    const { size } = this;
    const entered = this.#entered?.length ?? 0;
    try {
      this.#add(keyBytes(key));
      fields[key] = this.copy(read(), depth);
      return undefined;
    } catch (error) {
      const refusal = NotPortable.of(error);
      if (refusal.code === "PAYLOAD_TOO_LARGE" && !this.#isThrown) throw refusal.below(key);
      this.size = size;
      // Half of an object must not be taken for its copy where it is met again.
      for (const value of this.#entered?.splice(entered) ?? []) this.#copies?.delete(value);
      return describeDropped(key, refusal);
    }
  }
}

type Fields = Record<string, unknown>;

interface ErrorFields {
  readonly account: ErrorAccount;
  readonly fields: Fields;
  readonly dropped: string[];
  readonly depth: number;
}

/** Characters of the name and reason of a dropped field. */
const DROPPED_MAX_LENGTH = 200;

function describeDropped(key: string, { code, path, problem }: NotPortable): string {
  const why = code === "PAYLOAD_TOO_LARGE" ? "is too large" : problem.split(/[,;]/, 1)[0];
  return cutText(`${key}${path} ${why}`, DROPPED_MAX_LENGTH).toWellFormed();
}

/** What an error that has travelled before lost on that way. */
function droppedBefore(error: Error): string[] {
  try {
    const before = (error as unknown as Fields)[DROPPED_FIELDS];
    return Array.isArray(before) ? before.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

import { ACTOR_REFERENCE, TroupeError, VALUE_MAX_DEPTH } from "@troupe/core";

/** What is frozen with all that lies in it: it need not be looked through again. */
const frozenWhole = new WeakSet();

/**
 * Freezes a value with all that lies in it, so that it is for ever what it is now. `path` is what
 * messages call it.
 *
 * Throws `NOT_SERIALIZABLE`, naming the place, for what stays changeable though it is frozen, such
 * as a `Map` or a `Date`. What lies before that place is frozen by then.
 */
export function freezeWhole(value: unknown, path: string): void {
  const entered: object[] = [];
  try {
    freeze(value, { path, depth: 0, entered });
  } catch (error) {
    // What lies in itself may count as whole by what was refused.
    for (const object of entered) frozenWhole.delete(object);
    throw error;
  }
}

/** A place within the value, and the objects that were frozen on the way there. */
interface Place {
  readonly path: string;
  readonly depth: number;
  readonly entered: object[];
}

function freeze(value: unknown, place: Place): void {
  const { path, depth, entered } = place;
  if (typeof value !== "object" || value === null) return;
  if (frozenWhole.has(value) || ACTOR_REFERENCE in value) return;
  if (depth > VALUE_MAX_DEPTH) throw refusal(path, `lies more than ${VALUE_MAX_DEPTH} deep`);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null)
    throw refusal(path, `is a ${nameOf(value)}, which can change though it is frozen`);
  Object.freeze(value);
  // Before what lies in it, because it may lie in itself.
  frozenWhole.add(value);
  entered.push(value);
  for (const name of Reflect.ownKeys(value)) freezeField(value, name, place);
}

function freezeField(owner: object, name: string | symbol, { path, depth, entered }: Place): void {
  const field = Object.getOwnPropertyDescriptor(owner, name);
  const isAccessor = field?.get !== undefined;
  if (!isAccessor && (typeof field?.value !== "object" || field.value === null)) return;
  const place = Array.isArray(owner) ? `${path}[${String(name)}]` : `${path}.${String(name)}`;
  if (isAccessor) throw refusal(place, "is an accessor, which may give another value each time");
  freeze(field?.value, { path: place, depth: depth + 1, entered });
}

function nameOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function refusal(path: string, problem: string): TroupeError {
  const message = `${path} ${problem}; use plain objects and arrays, or leave frozen out`;
  return new TroupeError("NOT_SERIALIZABLE", message, { ran: "yes" });
}

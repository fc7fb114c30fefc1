/**
 * Which definition of an actor type is in force: only silos that run it own actors of the type
 * (V1). The membership store keeps one such record for each type, beside the members.
 */
export interface InForce {
  /** The version of the definition. */
  readonly version: number;
  readonly digest: string;
  /** Counts the changes of this record, from 1. */
  readonly change: number;
  /** The revision of the view by which it came into force. */
  readonly since: number;
  /** The digest of the definition that was in force before, if there was one. */
  readonly previous: string | undefined;
  /**
   * No definition of a lower version comes into force any more, because one of this version may
   * have stored state (V2).
   */
  readonly leastVersion: number;
}

/** The record in a value that was stored, or undefined if this version cannot read it. */
export function readInForce(given: unknown): InForce | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { version, digest, change, since, previous, leastVersion } = given as Partial<InForce>;
  const numbers = [version, change, since, leastVersion];
  if (!numbers.every((number) => typeof number === "number" && Number.isFinite(number)))
    return undefined;
  if (typeof digest !== "string") return undefined;
  if (previous !== undefined && typeof previous !== "string") return undefined;
  return { version, digest, change, since, previous, leastVersion } as InForce;
}

/** Records by actor type. */
export type InForceByType = Readonly<Record<string, InForce>>;

/** Records that are written in one step, at most. */
export const IN_FORCE_AT_ONCE = 50;

/** True if each of the records is the change after the one that is there. */
export function follow(next: InForceByType, current: InForceByType | undefined = {}): boolean {
  return Object.entries(next).every(([type, { change }]) => {
    const before = Object.hasOwn(current, type) ? current[type]?.change : undefined;
    return change === (before ?? 0) + 1;
  });
}

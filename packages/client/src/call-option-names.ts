import {
  type ActorAddress,
  closestName,
  formatAddress,
  shownValue,
  TroupeError,
} from "@troupe/core";
import type { CallOptions } from "@troupe/sdk";

/** The names of all options; `Record` makes the compiler miss none. */
const KNOWN: ReadonlySet<string> = new Set(
  Object.keys({
    timeout: true,
    signal: true,
    headers: true,
    idempotencyKey: true,
    ifActive: true,
    stream: true,
    idleTimeout: true,
    window: true,
    resume: true,
  } satisfies Record<keyof CallOptions, true>),
);

/**
 * Throws `BAD_CONFIG` for an option that there is not, which programs in JavaScript get past the
 * compiler. It runs once a reference, and takes some 20 ns.
 */
export function checkOptionNames(address: ActorAddress, options: CallOptions): void {
  if (typeof options !== "object" || options === null) {
    const message = `the options of ${formatAddress(address)} are ${shownValue(options)}; give an object, such as { timeout: "5s" }`;
    throw new TroupeError("BAD_CONFIG", message);
  }
  for (const name in options) if (!KNOWN.has(name)) throw unknownOption(address, name);
}

function unknownOption(address: ActorAddress, name: string): TroupeError {
  const known = [...KNOWN];
  const meant = closestName(name, known);
  const guess = meant === undefined ? "" : `; did you mean ${meant}?`;
  const message = `${shownValue(name)} is not an option of ${formatAddress(address)}; there are ${known.join(", ")}${guess}`;
  return new TroupeError("BAD_CONFIG", message);
}

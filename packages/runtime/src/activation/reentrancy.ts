import { type ChainEntry, formatAddress, type RequestEnvelope, TroupeError } from "@troupe/core";
import type { Concurrency, Reentrancy } from "@troupe/sdk";
import type { Turn } from "./turn.ts";

/** How a request stands to the turns that its activation is running. */
export type Reentry =
  /** None of them waits for it. */
  | { readonly kind: "independent" }
  /** The turn waits for it: it runs as a part of that turn. */
  | { readonly kind: "nested"; readonly parent: Turn }
  | { readonly kind: "deadlock"; readonly error: TroupeError };

const INDEPENDENT: Reentry = { kind: "independent" };

/** Looks for a running turn of the called actor in the request's call chain. */
export function reentryOf(
  request: RequestEnvelope,
  running: Iterable<Turn>,
  reentrancy: Reentrancy,
): Reentry {
  // Most calls come from outside.
  if (request.chain.length === 0) return INDEPENDENT;
  const own = request.chain.filter(
    (entry) => entry.id === request.id && entry.type === request.type,
  );
  if (own.length === 0) return INDEPENDENT;
  for (const turn of running) {
    const entry = own.findLast((candidate) => turn.isNamedBy(candidate));
    if (entry === undefined) continue;
    if (reentrancy === "none") return { kind: "deadlock", error: deadlockOf(request, entry) };
    return { kind: "nested", parent: turn };
  }
  return INDEPENDENT;
}

function deadlockOf(request: RequestEnvelope, entry: ChainEntry): TroupeError {
  const from = request.chain.indexOf(entry);
  const cycle = [
    ...request.chain.slice(from).map(formatAddress),
    `${formatAddress(request)}.${request.method}()`,
  ].join(" -> ");
  const message = `${cycle}: the last call would wait for the first turn, which waits for it; allow it with reentrancy "chain", or break the cycle`;
  return new TroupeError("DEADLOCK", message);
}

/**
 * How turns of a method go together with others, in a type with this reentrancy. `defined` is
 * undefined for a turn of the silo's own.
 */
export function concurrencyIn(
  reentrancy: Reentrancy,
  defined: Concurrency | undefined,
): Concurrency {
  return defined === "exclusive" && reentrancy === "full" ? "interleave" : (defined ?? "exclusive");
}

import type { AdminClient } from "@troupe/admin";
import { type Clock, type Member, messageOf, sleep, systemClock, TroupeError } from "@troupe/core";
import { printableJson, printableLine } from "./printable-text.ts";
import { findSilo } from "./find-silo.ts";
import type { JsonFlags } from "./program.ts";
import { readTimeout } from "./read-timeout.ts";
import { EXIT_OK, printData, printNote } from "./terminal.ts";
import { withSilos } from "./with-cluster.ts";

/**
 * A silo gives up draining after a minute and leaves with what is still active; the rest is for
 * leaving.
 */
const DRAINED_WITHIN_MS = 90_000;

const LOOK_EVERY_MS = 100;

/** `troupe drain`: moves everything off a silo, stops it, and waits until it has left. */
export async function runDrain(silo: string, flags: JsonFlags): Promise<number> {
  const timeoutMs = readTimeout(flags["timeout"]) ?? DRAINED_WITHIN_MS;
  return withSilos(flags, async ({ admin }) => {
    const member = findSilo(admin.view.members, silo);
    const { siloId, address } = member;
    const unhosted = typesWithout(admin.view.members, member);
    if (unhosted.length > 0) printNote(printableLine(lastOne(member, unhosted)));
    const report = process.stderr.isTTY && !flags.json ? printNote : undefined;
    await drainSilo(admin, member, { clock: systemClock, timeoutMs, report });
    if (flags.json) printData(printableJson({ siloId, address, drained: true, unhosted }));
    else printNote(`silo ${siloId} at ${address} has left the cluster`);
    return EXIT_OK;
  });
}

/** Actor types that no other silo is there for once this one has left. */
export function typesWithout(members: readonly Member[], { siloId, types }: Member): string[] {
  const others = members.filter((other) => other.siloId !== siloId && other.state === "active");
  const hosted = new Set(others.flatMap((other) => Object.keys(other.types)));
  return Object.keys(types)
    .filter((type) => !hosted.has(type))
    .toSorted();
}

function lastOne({ siloId }: Member, types: readonly string[]): string {
  return `silo ${siloId} is the last one that hosts ${types.join(", ")}: until another does, calls of these types wait, fail at their deadlines, and no reminder of theirs ticks`;
}

export interface DrainOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Is told how far it is; undefined if nobody watches. */
  readonly report: ((text: string) => void) | undefined;
}

/**
 * Resolves once the silo is not a member any more. Rejects if it cannot be asked, or is still one
 * after `timeoutMs`.
 */
export async function drainSilo(
  admin: AdminClient,
  { siloId }: Member,
  { clock, timeoutMs, report }: DrainOptions,
): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  const isMember = (): boolean => admin.view.members.some((member) => member.siloId === siloId);
  try {
    await admin.drain(siloId);
  } catch (error) {
    // A silo that ends in the middle of its answer has been asked.
    if (isMember() && isRefusal(error)) throw error;
  }
  let shown: string | undefined;
  while (isMember()) {
    if (clock.monotonic() >= deadline)
      throw new TroupeError(
        "TIMEOUT",
        `silo ${siloId} has not left within ${timeoutMs} ms; it goes on draining`,
      );
    // oxlint-disable-next-line no-await-in-loop -- it is looked again and again.
    const progress = report === undefined ? undefined : await progressOf(admin, siloId);
    if (progress !== undefined && progress !== shown) report?.(progress);
    shown = progress;
    // oxlint-disable-next-line no-await-in-loop -- it is looked again and again.
    await sleep(clock, LOOK_EVERY_MS);
  }
}

/** True if the silo certainly was not told. */
function isRefusal(error: unknown): boolean {
  return !(error instanceof TroupeError) || error.ran === "no";
}

async function progressOf(admin: AdminClient, siloId: string): Promise<string> {
  try {
    const { activations } = await admin.snapshot(siloId);
    return `silo ${siloId} is draining: ${activations} activations are left`;
  } catch (error) {
    return `silo ${siloId} is leaving (${messageOf(error)})`;
  }
}

import { setImmediate as turn } from "node:timers/promises";
import { silentLogger, sleep, systemClock, type ActorAddress, type Member } from "@troupe/core";
import { openEmbeddedMembership } from "../embedded-membership.ts";
import { openEmbeddedStores, type EmbeddedStores } from "../embedded-stores.ts";
import { Environment } from "../environment.ts";

/** What the programs of the process tests tell their parent. */
export type Report =
  | { readonly kind: "ready" }
  | { readonly kind: "stored"; readonly id: string; readonly version: number }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  | { readonly kind: "lease"; readonly answer: "alive" | "gone" }
  | { readonly kind: "done" };

const options = { clock: systemClock, logger: silentLogger };

function tell(report: Report): void {
  process.send?.(report);
}

/** The value that a test finds in every field of an actor after commit `version`. */
export function valueOf(version: number, bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(version % 251);
}

/**
 * Commits to `actors` actors side by side, for ever, and reports every commit that was
 * acknowledged.
 */
async function writeForEver(folder: string, actors: number): Promise<void> {
  const { state } = await openEmbeddedStores(folder, options);
  const writeOne = async (id: string): Promise<void> => {
    const address: ActorAddress = { type: "Counter", id };
    const claimed = await state.claim(address, { revision: 1, siloId: "writer" });
    if (claimed.kind !== "claimed") throw new Error("refused");
    for (let version = claimed.version + 1; ; version++) {
      const value = valueOf(version, 3_000);
      const set = new Map([
        ["one", value],
        ["two", value],
      ]);
      const result = await state.commit(address, {
        epoch: claimed.epoch,
        version,
        set,
        remove: [],
      });
      if (result.kind === "stored") tell({ kind: "stored", id, version });
    }
  };
  await Promise.all(Array.from({ length: actors }, (_, index) => writeOne(`actor ${index}`)));
}

/** Takes the one actor from whoever has it and adds one, `times` times. */
async function increment(folder: string, siloId: string, times: number): Promise<void> {
  const stores: EmbeddedStores = await openEmbeddedStores(folder, options);
  const address: ActorAddress = { type: "Counter", id: "contested" };
  let revision = 1;
  for (let stored = 0; stored < times;) {
    const claimed = await stores.state.claim(address, { revision, siloId });
    if (claimed.kind === "refused") {
      revision = claimed.revision + 1;
      continue;
    }
    // Lets the other process come in between now and then.
    if (stored % 3 === 0) await turn();
    const count = Number(Buffer.from(claimed.fields.get("count") ?? []).toString() || "0") + 1;
    const set = new Map([["count", Buffer.from(String(count))]]);
    const result = await stores.state.commit(address, {
      epoch: claimed.epoch,
      version: claimed.version + 1,
      set,
      remove: [],
    });
    if (result.kind === "stored") stored++;
  }
  await stores.state.close();
  await stores.reminders.close();
}

/** Registers and renews until it is told that it is gone. */
async function join(folder: string, siloId: string, ttlMs: number): Promise<void> {
  const membership = await openEmbeddedMembership(folder, options);
  const member: Member = {
    siloId,
    address: "127.0.0.1:1",
    state: "active",
    types: {},
    version: "0",
    labels: {},
  };
  const lease = await membership.register(member, ttlMs);
  tell({ kind: "ready" });
  for (let answer: "alive" | "gone" = "alive"; answer === "alive";) {
    await sleep(systemClock, ttlMs / 10);
    answer = await membership.renew(lease);
  }
  tell({ kind: "lease", answer: "gone" });
  await membership.close();
}

/** Stops itself in the middle of a write, and ends when it is let go on. */
async function stopWhileWriting(folder: string): Promise<void> {
  const environment = await Environment.open(folder, { ...options, durable: true });
  environment.root.transactionSync(() => {
    tell({ kind: "ready" });
    process.kill(process.pid, "SIGSTOP");
  });
  await environment.close();
}

/** Commits until the disk is full, and reports what was acknowledged and how it ended. */
async function fillDisk(folder: string): Promise<void> {
  const { state } = await openEmbeddedStores(folder, options);
  for (let index = 0; ; index++) {
    const address: ActorAddress = { type: "Blob", id: `blob ${index}` };
    const claimed = await state.claim(address, { revision: 1, siloId: "writer" });
    if (claimed.kind !== "claimed") throw new Error("refused");
    await state.commit(address, {
      epoch: claimed.epoch,
      version: 1,
      set: new Map([["one", valueOf(1, 60_000)]]),
      remove: [],
    });
    tell({ kind: "stored", id: address.id, version: 1 });
  }
}

const programs: Record<string, (folder: string, ...rest: string[]) => Promise<void>> = {
  write: (folder, actors) => writeForEver(folder, Number(actors)),
  increment: (folder, siloId = "", times) => increment(folder, siloId, Number(times)),
  join: (folder, siloId = "", ttlMs) => join(folder, siloId, Number(ttlMs)),
  stop: stopWhileWriting,
  fill: fillDisk,
};

const [, , program = "", folder = "", ...rest] = process.argv;
const run = programs[program];
if (run !== undefined) {
  try {
    await run(folder, ...rest);
    tell({ kind: "done" });
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    tell({ kind: "failed", code, message });
  }
  process.disconnect();
}

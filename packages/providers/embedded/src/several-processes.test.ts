import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock, type StateStore, type View } from "@troupe/core";
import { realTime, seededRandom, waitUntil } from "@troupe/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openEmbeddedMembership, type EmbeddedMembership } from "./embedded-membership.ts";
import { openEmbeddedStores, type EmbeddedStores } from "./embedded-stores.ts";
import { ChildProgram } from "./testing/child-program.ts";
import { valueOf } from "./testing/store-program.ts";

const options = { clock: systemClock, logger: silentLogger };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-embedded-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function withStores<T>(
  work: (stores: EmbeddedStores) => Promise<T>,
  writeTimeoutMs?: number,
): Promise<T> {
  const stores = await openEmbeddedStores(
    folder,
    writeTimeoutMs === undefined ? options : { ...options, writeTimeoutMs },
  );
  try {
    return await work(stores);
  } finally {
    await stores.state.close();
    await stores.reminders.close();
  }
}

async function read(state: StateStore, type: string, id: string) {
  const claimed = await state.claim({ type, id }, { revision: 1, siloId: "writer" });
  if (claimed.kind !== "claimed") throw new Error("refused");
  return claimed;
}

it("loses no increment of one actor that two processes take from each other", async () => {
  const children = ["a", "b"].map(
    (siloId) => new ChildProgram(["increment", folder, siloId, "200"]),
  );
  for (const child of children) await child.report("done");
  await withStores(async ({ state }) => {
    const last = await state.claim(
      { type: "Counter", id: "contested" },
      { revision: 1_000_000, siloId: "reader" },
    );
    expect(last.kind === "claimed" && Buffer.from(last.fields.get("count") ?? []).toString()).toBe(
      "400",
    );
    expect(last.kind === "claimed" && last.version).toBe(400);
  });
  for (const child of children) await child.kill();
});

it(
  "has every acknowledged commit, and none in part, after each of twenty SIGKILLs among other writers",
  { timeout: 60_000 },
  async () => {
    const random = seededRandom(20);
    await withStores(async ({ state }) => {
      const survivor = await read(state, "Survivor", "one");
      for (let kill = 1; kill <= 20; kill++) {
        const child = new ChildProgram(["write", folder, "4"]);
        const reports = 1 + Math.floor(random.next() * 40);
        await child.report("stored", () => child.reports.length >= reports);
        // Writes beside the other process, and after it was killed: the lock that it may have held
        // must not stay taken.
        const set = new Map([["kills", Buffer.from([kill])]]);
        const write = state.commit(
          { type: "Survivor", id: "one" },
          { epoch: survivor.epoch, version: kill, set, remove: [] },
        );
        await child.kill();
        expect(await write).toEqual({ kind: "stored" });
        for (let index = 0; index < 4; index++) {
          const id = `actor ${index}`;
          const versions = child.reports.flatMap((report) =>
            report.kind === "stored" && report.id === id ? [report.version] : [],
          );
          const { version, fields } = await read(state, "Counter", id);
          expect(version).toBeGreaterThanOrEqual(Math.max(0, ...versions));
          if (version === 0) continue;
          for (const name of ["one", "two"])
            expect(Buffer.compare(fields.get(name) ?? Buffer.of(), valueOf(version, 3_000))).toBe(
              0,
            );
        }
      }
    });
  },
);

it("says STORE_UNAVAILABLE when the disk is full, and keeps what it had acknowledged", async () => {
  await using child = new ChildProgram(["fill", folder], { fileSizeMaxKiB: 2_048 });
  const failure = await child.report("failed");
  expect(failure.code).toBe("STORE_UNAVAILABLE");
  expect(failure.message).toContain(folder);
  const stored = child.reports.flatMap((report) => (report.kind === "stored" ? [report.id] : []));
  expect(stored.length).toBeGreaterThan(10);
  await withStores(async ({ state }) => {
    for (const id of stored) {
      const { fields } = await read(state, "Blob", id);
      expect(Buffer.compare(fields.get("one") ?? Buffer.of(), valueOf(1, 60_000))).toBe(0);
    }
  });
});

it("answers in bounded time while a stopped process blocks the folder, and goes on when it is over", async () => {
  await withStores(async ({ state }) => {
    const address = { type: "Counter", id: "blocked" };
    const { epoch } = await read(state, "Counter", "blocked");
    const commit = { epoch, version: 1, set: new Map([["a", Buffer.from("1")]]), remove: [] };
    await using child = new ChildProgram(["stop", join(folder, "state")]);
    await child.report("ready");
    await expect(state.commit(address, commit)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      ran: "maybe",
    });
    await expect(state.commit(address, commit)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      ran: "no",
    });
    child.signal("SIGCONT");
    await child.report("done");
    const results: unknown[] = [];
    const attempt = async (): Promise<void> =>
      void results.push(await state.commit(address, commit).catch(() => undefined));
    await waitUntil(realTime, "writes go on", () => {
      void attempt();
      return results.some((result) => result !== undefined);
    });
    expect(await state.commit(address, commit)).toEqual({ kind: "stored" });
    const { version, fields } = await read(state, "Counter", "blocked");
    expect(version).toBe(1);
    expect(Buffer.from(fields.get("a") ?? []).toString()).toBe("1");
  }, 200);
});

async function withWatch(
  work: (views: readonly View[], membership: EmbeddedMembership) => Promise<void>,
): Promise<void> {
  const membership = await openEmbeddedMembership(folder, options);
  const views: View[] = [];
  await membership.watch({ onView: (view) => views.push(view), onBroken() {} });
  try {
    await work(views, membership);
  } finally {
    await membership.close();
  }
}

function has(views: readonly View[], siloId: string): boolean {
  return views.at(-1)?.members.some((member) => member.siloId === siloId) ?? false;
}

it("shows that a killed process is gone long before its lease ends", async () => {
  await withWatch(async (views) => {
    const child = new ChildProgram(["join", folder, "silo-a", "3600000"]);
    await using stays = new ChildProgram(["join", folder, "silo-b", "3600000"]);
    await Promise.all([child.report("ready"), stays.report("ready")]);
    await waitUntil(
      realTime,
      "both are members",
      () => has(views, "silo-a") && has(views, "silo-b"),
    );
    await child.kill();
    await waitUntil(realTime, "the killed one is gone", () => !has(views, "silo-a"));
    expect(has(views, "silo-b")).toBe(true);
  });
});

it("leaves a stopped process its lease, takes the record when it ends, and tells the process when it wakes", async () => {
  await withWatch(async (views) => {
    await using child = new ChildProgram(["join", folder, "silo-a", "1000"]);
    await child.report("ready");
    await waitUntil(realTime, "it is a member", () => has(views, "silo-a"));
    const stoppedAt = systemClock.monotonic();
    child.signal("SIGSTOP");
    await waitUntil(realTime, "its lease has expired", () => !has(views, "silo-a"));
    // It renewed every 100 ms, so nine tenths of the lease were left, had the machine not been
    // busy.
    expect(systemClock.monotonic() - stoppedAt).toBeGreaterThan(100);
    child.signal("SIGCONT");
    expect((await child.report("lease")).answer).toBe("gone");
  });
});

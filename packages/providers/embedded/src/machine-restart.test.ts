import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, type Member } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openEmbeddedMembership, type EmbeddedMembership } from "./embedded-membership.ts";
import { machineMonotonicMs, readBootId } from "./machine-time.ts";
import { UNKNOWN_BOOT } from "./members-folder.ts";

const member: Member = {
  siloId: "silo-a",
  address: "127.0.0.1:1",
  state: "active",
  types: {},
  version: "0",
  labels: {},
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-embedded-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(bootId: string, machineMs: () => number): Promise<EmbeddedMembership> {
  return openEmbeddedMembership(folder, {
    clock: new VirtualClock(),
    logger: silentLogger,
    bootId,
    machineMs,
  });
}

it("knows no member of before a restart of the machine, and gives higher revisions than before", async () => {
  const before = await open("boot one", () => 1_000_000);
  await before.register(member, 3_600_000);
  const last = await before.list();
  await before.close();
  const after = await open("boot two", () => 10);
  const first = await after.list();
  expect(first.members).toEqual([]);
  expect(first.revision).toBeGreaterThan(last.revision);
  await after.close();
  expect(readdirSync(folder).filter((name) => name.includes("members"))).toEqual(["members-1"]);
});

it("keeps the members when its processes come and go without a restart of the machine", async () => {
  const before = await open("boot one", () => 1_000);
  await before.register(member, 3_600_000);
  const last = await before.list();
  await before.close();
  const after = await open("boot one", () => 2_000);
  expect(await after.list()).toEqual(last);
  await after.close();
});

it("lets the members of before a restart expire where the system does not tell one run from another", async () => {
  const before = await open(UNKNOWN_BOOT, () => 1_000_000);
  await before.register(member, 5_000);
  const last = await before.list();
  await before.close();
  const after = await open(UNKNOWN_BOOT, () => 10);
  expect((await after.list()).members).toEqual([]);
  expect((await after.list()).revision).toBeGreaterThan(last.revision);
  await after.close();
});

it("opens one folder for the members however many open it at once", async () => {
  const opened = await Promise.all(Array.from({ length: 8 }, () => open("boot one", () => 0)));
  await opened[0]?.register(member, 1_000);
  for (const one of opened) expect((await one.list()).members).toEqual([member]);
  for (const one of opened) await one.close();
});

it("reads a clock that all processes share", () => {
  const first = machineMonotonicMs();
  expect(machineMonotonicMs()).toBeGreaterThanOrEqual(first);
  expect(readBootId()).toBe(readBootId());
});

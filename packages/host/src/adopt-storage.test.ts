import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@troupe/core";
import { Actor, actor, state } from "@troupe/sdk";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Silo, startSilo } from "./start-silo.ts";

@actor()
class Purse extends Actor {
  @state() accessor coins = 0;

  add(): number {
    return ++this.coins;
  }
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-adopt-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(members: string, adoptStorage = false): Promise<Silo> {
  return startSilo({
    actors: [Purse],
    membership: `file:${join(folder, members)}`,
    storage: `file:${join(folder, "state")}`,
    logger: silentLogger,
    adoptStorage,
  });
}

async function addOnce(starting: Promise<Silo>): Promise<number> {
  await using silo = await starting;
  return await silo.actor(Purse, "a", { timeout: "5s" }).add();
}

it("refuses a storage of another membership at once, and serves its actors once told to adopt it", async () => {
  expect(await addOnce(start("one"))).toBe(1);
  expect(await addOnce(start("one"))).toBe(2);
  await expect(start("two")).rejects.toMatchObject({ code: "BAD_CONFIG" });
  expect(await addOnce(start("two", true))).toBe(3);
  expect(await addOnce(start("two"))).toBe(4);
  await expect(start("one")).rejects.toThrow("--adopt-storage");
  // The first membership began earlier, so its own numbers of views are lower than what is claimed.
  expect(await addOnce(start("one", true))).toBe(5);
});

it("refuses a storage whose membership was lost, and serves its actors once told to adopt it", async () => {
  expect(await addOnce(start("one"))).toBe(1);
  rmSync(join(folder, "one"), { recursive: true });
  await expect(start("one")).rejects.toMatchObject({ code: "BAD_CONFIG" });
  expect(await addOnce(start("one", true))).toBe(2);
});

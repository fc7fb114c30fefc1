import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock } from "@troupe/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openEmbeddedMembership } from "./embedded-membership.ts";
import { openEmbeddedStores } from "./embedded-stores.ts";
import { prepareFolder } from "./folder-format.ts";

const options = { clock: systemClock, logger: silentLogger };

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "troupe-embedded-"));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

it("makes the folder, says in it what it is, and takes it again", () => {
  const folder = join(parent, "a", "b.data");
  prepareFolder(folder);
  prepareFolder(folder);
  expect(readdirSync(folder)).toEqual(["troupe.json"]);
  expect(JSON.parse(readFileSync(join(folder, "troupe.json"), "utf8"))).toEqual({
    program: "troupe",
    format: 1,
  });
});

it("refuses a file, and a folder below a file", async () => {
  const file = join(parent, "file");
  writeFileSync(file, "");
  for (const folder of [file, join(file, "below")]) {
    const refusal = expect.objectContaining({
      code: "BAD_CONFIG",
      message: expect.stringContaining(folder),
    });
    await expect(openEmbeddedStores(folder, options)).rejects.toEqual(refusal);
    await expect(openEmbeddedMembership(folder, options)).rejects.toEqual(refusal);
  }
});

it.runIf(process.platform === "linux")("refuses a place where the system takes no folders", () => {
  expect(() => prepareFolder("/proc/troupe/data")).toThrow(
    /BAD_CONFIG.*cannot use the folder \/proc\/troupe\/data/,
  );
});

it("refuses a folder that another program wrote, and leaves it alone", () => {
  for (const name of ["photo.jpg", "data.mdb"]) writeFileSync(join(parent, name), "x");
  expect(() => prepareFolder(parent)).toThrow(
    /BAD_CONFIG.*holds data\.mdb, photo\.jpg, but no troupe\.json: another program wrote it/,
  );
  expect(readdirSync(parent)).toEqual(["data.mdb", "photo.jpg"]);
});

it("takes an empty folder with what systems put there", () => {
  mkdirSync(join(parent, "lost+found"));
  writeFileSync(join(parent, ".gitkeep"), "");
  prepareFolder(parent);
  expect(readdirSync(parent)).toContain("troupe.json");
});

it("refuses a newer format, and says what to use", async () => {
  writeFileSync(join(parent, "troupe.json"), '{"program":"troupe","format":7}');
  await expect(openEmbeddedStores(parent, options)).rejects.toThrow(
    /BAD_CONFIG.*has format 7, and this Troupe knows format 1; use the newer Troupe/,
  );
  expect(readdirSync(parent)).toEqual(["troupe.json"]);
});

it("refuses a marker that is not Troupe's", () => {
  for (const text of ["", "null", "[]", '{"program":"circus","format":1}', "\0\0"]) {
    writeFileSync(join(parent, "troupe.json"), text);
    expect(() => prepareFolder(parent)).toThrow(/BAD_CONFIG.*is not Troupe's/);
  }
});

it("refuses an environment that is damaged instead of crashing on it", async () => {
  prepareFolder(parent);
  const state = join(parent, "state");
  const damages: readonly (() => void)[] = [
    () => writeFileSync(join(state, "data.mdb"), "no lmdb file at all ".repeat(1_000)),
    () => writeFileSync(join(state, "data.mdb"), "x"),
    () => writeFileSync(join(state, "data.mdb"), Buffer.alloc(100_000)),
    () => mkdirSync(join(state, "data.mdb")),
    () => mkdirSync(join(state, "lock.mdb")),
  ];
  for (const damage of damages) {
    mkdirSync(state);
    damage();
    await expect(openEmbeddedStores(parent, options)).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringContaining(parent),
    });
    rmSync(state, { recursive: true });
  }
});

it("takes what a process leaves that is killed while it makes an environment", async () => {
  prepareFolder(parent);
  mkdirSync(join(parent, "state"));
  writeFileSync(join(parent, "state", "data.mdb"), "");
  const { state, reminders } = await openEmbeddedStores(parent, options);
  expect(
    await state.claim({ type: "Account", id: "alice" }, { revision: 1, siloId: "a" }),
  ).toMatchObject({ kind: "claimed" });
  await state.close();
  await reminders.close();
});

it("says STORE_UNAVAILABLE after it was closed, and closes twice", async () => {
  const { state, reminders } = await openEmbeddedStores(join(parent, "data"), options);
  await state.close();
  await state.close();
  await reminders.close();
  const claim = state.claim({ type: "Account", id: "alice" }, { revision: 1, siloId: "a" });
  await expect(claim).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  await expect(reminders.due([1], 1, 1)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});

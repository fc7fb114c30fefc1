import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openMembersFolder } from "./members-folder.ts";

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "troupe-place-"));
  folder = join(parent, "folder");
  mkdirSync(folder);
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

it("refuses a copy of a folder, and says how to make it a cluster of its own", () => {
  openMembersFolder(folder, "boot", 1_000);
  const copy = join(parent, "copy");
  cpSync(folder, copy, { recursive: true });
  expect(() => openMembersFolder(copy, "boot", 2_000)).toThrow(
    `[BAD_CONFIG] the folder ${copy} is a copy of ${realpathSync(folder)}`,
  );
  expect(() => openMembersFolder(copy, "boot", 2_000)).toThrow(`remove ${join(copy, "members-0")}`);
  rmSync(join(copy, "members-0"), { recursive: true });
  expect(openMembersFolder(copy, "boot", 2_000).base).toBe(2_000);
  expect(openMembersFolder(folder, "boot", 2_000).base).toBe(1_000);
});

it("takes a folder that was renamed, or is seen under another name, for the same", () => {
  openMembersFolder(folder, "boot", 1_000);
  const moved = join(parent, "moved");
  renameSync(folder, moved);
  const alias = join(parent, "alias");
  symlinkSync(moved, alias);
  expect(openMembersFolder(moved, "boot", 2_000).base).toBe(1_000);
  expect(openMembersFolder(alias, "boot", 2_000).base).toBe(1_000);
});

it("takes a folder of an earlier run of the machine, or of an older version, wherever it comes from", () => {
  openMembersFolder(folder, "boot", 1_000);
  const restored = join(parent, "restored");
  cpSync(folder, restored, { recursive: true });
  expect(openMembersFolder(restored, "next boot", 2_000).base).toBeGreaterThan(1_000);
  const older = join(parent, "older");
  cpSync(folder, older, { recursive: true });
  rmSync(join(older, "members-0", "place"));
  expect(openMembersFolder(older, "boot", 2_000).base).toBe(1_000);
});

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cp, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configurationStoreSuite } from "@troupe/conformance";
import { systemClock } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { FileConfiguration } from "./file-configuration.ts";

/** So long that a test cannot pass by looking again. */
const NEVER_MS = 600_000;

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "troupe-settings-"));
}

function open(path: string): FileConfiguration {
  return new FileConfiguration({ path, separator: ":", pollMs: NEVER_MS, clock: systemClock });
}

/** Another folder with the same files takes the place of the folder. */
async function replace(folder: string): Promise<void> {
  await cp(folder, `${folder}.new`, { recursive: true, verbatimSymlinks: true });
  await rename(folder, `${folder}.old`);
  await rename(`${folder}.new`, folder);
  await rm(`${folder}.old`, { recursive: true });
}

configurationStoreSuite({
  name: "configuration.file in a folder",
  open: async () => {
    const top = newFolder();
    const folder = join(top, "settings");
    await mkdir(folder);
    return {
      openHandle: async () => ({
        component: open(folder),
        put: async (key: string, value: string | undefined) => {
          if (value === undefined) await rm(join(folder, key));
          else await writeFile(join(folder, key), value);
        },
        breakWatches: () => replace(folder),
      }),
      dispose: async () => rmSync(top, { recursive: true }),
    };
  },
});

configurationStoreSuite({
  name: "configuration.file in a JSON file",
  open: async () => {
    const top = newFolder();
    const path = join(top, "settings", "settings.json");
    await mkdir(join(top, "settings"));
    await writeFile(path, "{}");
    const settings: Record<string, string | undefined> = {};
    return {
      openHandle: async () => ({
        component: open(path),
        put: async (key: string, value: string | undefined) => {
          settings[key] = value;
          await writeFile(`${path}.new`, JSON.stringify(settings));
          await rename(`${path}.new`, path);
        },
        breakWatches: () => replace(join(top, "settings")),
      }),
      dispose: async () => rmSync(top, { recursive: true }),
    };
  },
});

/** A mount as Kubernetes makes one: links to files behind a link that is swapped. */
class Mount {
  readonly folder = newFolder();
  readonly #texts = new Map<string, string>();
  #swaps = 0;

  async put(key: string, value: string | undefined): Promise<void> {
    if (value === undefined) this.#texts.delete(key);
    else this.#texts.set(key, value);
    const version = `..version_${++this.#swaps}`;
    await mkdir(join(this.folder, version));
    for (const [name, text] of this.#texts) await writeFile(join(this.folder, version, name), text);
    await symlink(version, join(this.folder, "..data_tmp"));
    await rename(join(this.folder, "..data_tmp"), join(this.folder, "..data"));
    await this.#link(key, value !== undefined);
    await rm(join(this.folder, `..version_${this.#swaps - 1}`), { recursive: true, force: true });
  }

  async #link(key: string, isThere: boolean): Promise<void> {
    const isLinked = (await readdir(this.folder)).includes(key);
    if (isThere && !isLinked) await symlink(join("..data", key), join(this.folder, key));
    if (!isThere && isLinked) await rm(join(this.folder, key));
  }
}

configurationStoreSuite({
  name: "configuration.file in a mount of Kubernetes",
  open: async () => {
    const mount = new Mount();
    return {
      openHandle: async () => ({
        component: open(mount.folder),
        put: (key: string, value: string | undefined) => mount.put(key, value),
        breakWatches: () => replace(mount.folder),
      }),
      dispose: async () => rmSync(mount.folder, { recursive: true }),
    };
  },
});

it("breaks when its folder is removed, also when another one is made at once", async () => {
  for (let round = 0; round < 10; round++) {
    const folder = newFolder();
    const broken = Promise.withResolvers<Error>();
    const watch = await open(folder).watch([], {
      onChange: () => undefined,
      onBroken: (error) => broken.resolve(error),
    });
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    expect(await broken.promise).toBeInstanceOf(Error);
    await watch.close();
    rmSync(folder, { recursive: true });
  }
});

it("looks again after a while where the file system says nothing", async () => {
  const clock = new VirtualClock();
  const folder = newFolder();
  const store = new FileConfiguration({ path: folder, separator: ":", pollMs: 1_000, clock });
  let words = 0;
  const breaks: Error[] = [];
  const watch = await store.watch([], {
    onChange: () => void words++,
    onBroken: (error) => breaks.push(error),
  });
  await clock.advance(3_500);
  expect(words).toBe(3);
  rmSync(folder, { recursive: true });
  await clock.advance(1_000);
  expect(breaks).toHaveLength(1);
  expect(clock.pending).toBe(0);
  await watch.close();
});

it("says what cannot be read", async () => {
  const store = open("/nowhere/at/all");
  await expect(store.get([])).rejects.toMatchObject({ code: "COMPONENT_UNAVAILABLE" });
  await expect(
    store.watch([], { onChange: () => undefined, onBroken: () => undefined }),
  ).rejects.toMatchObject({ code: "COMPONENT_UNAVAILABLE" });
});

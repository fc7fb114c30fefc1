import {
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindingSuite } from "@troupe/conformance";
import { systemRandom } from "@troupe/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileBinding } from "./file-binding.ts";

function newFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "troupe-files-")));
}

function ask(operation: string, fileName?: string, text?: string) {
  const data = text === undefined ? undefined : new TextEncoder().encode(text);
  return { operation, data, metadata: fileName === undefined ? {} : { fileName } };
}

bindingSuite({
  name: "bindings.localstorage",
  open: async () => {
    const folder = newFolder();
    let files = 0;
    return {
      openHandle: async () => ({
        component: new FileBinding(folder, systemRandom),
        echo: (text: string) => {
          const name = `below/file ${++files}`;
          return [ask("create", name, text), ask("get", name)];
        },
        refused: [ask("get", "none"), ask("delete", "none"), ask("list", "none")],
        wrong: [ask("get"), ask("delete"), ask("get", "../x"), ask("create", "a/../../x", "x")],
      }),
      dispose: async () => rmSync(folder, { recursive: true }),
    };
  },
});

describe("bindings.localstorage", () => {
  const { signal } = new AbortController();
  let top: string;
  let root: string;
  let binding: FileBinding;

  async function invoke(operation: string, fileName?: string, text?: string): Promise<string> {
    const { data } = await binding.invoke({ ...ask(operation, fileName, text), signal });
    return new TextDecoder().decode(data);
  }

  beforeEach(() => {
    top = newFolder();
    root = newFolder();
    binding = new FileBinding(root, systemRandom);
    writeFileSync(join(top, "secret"), "hush");
  });
  afterEach(() => {
    rmSync(top, { recursive: true });
    rmSync(root, { recursive: true });
  });

  it("creates, replaces, lists and deletes files, and says where they are", async () => {
    expect(JSON.parse(await invoke("create", "a/b.txt", "one"))).toEqual({
      fileName: join(root, "a/b.txt"),
    });
    await invoke("create", "/a/b.txt", "two");
    await invoke("create", "c.txt", "three");
    expect(await invoke("get", "a/b.txt")).toBe("two");
    const all = [join(root, "a/b.txt"), join(root, "c.txt")];
    expect(JSON.parse(await invoke("list"))).toEqual(all);
    expect(JSON.parse(await invoke("list", "a"))).toEqual(all.slice(0, 1));
    await invoke("delete", "a/b.txt");
    expect(existsSync(join(root, "a/b.txt"))).toBe(false);
    expect(readdirSync(root).toSorted()).toEqual(["a", "c.txt"]);
  });

  it("names a file itself if nobody does", async () => {
    const first = await invoke("create", undefined, "one");
    const second = await invoke("create", undefined, "one");
    expect(first).not.toBe(second);
    expect(JSON.parse(await invoke("list"))).toHaveLength(2);
  });

  it("leaves the folder by no link", async () => {
    symlinkSync(top, join(root, "out"));
    symlinkSync(join(top, "secret"), join(root, "link"));
    for (const [operation, fileName] of [
      ["get", "out/secret"],
      ["get", "link"],
      ["delete", "out/secret"],
      ["create", "out/new"],
      ["create", "link"],
      ["list", "out"],
    ] as const)
      await expect(invoke(operation, fileName, "x")).rejects.toMatchObject({ code: "BAD_INPUT" });
    expect(readdirSync(top)).toEqual(["secret"]);
  });
});

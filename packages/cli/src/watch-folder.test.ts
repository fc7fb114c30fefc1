import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@troupe/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FolderWatch, isSource } from "./watch-folder.ts";

describe("isSource", () => {
  it("counts programs and JSON, but no dot folders, no packages and no ignored folders", () => {
    for (const name of ["account.ts", "lib/account.js", "data.json"])
      expect(isSource("/app", name, []), name).toBe(true);
    for (const name of ["a.log", ".troupe/x.js", "node_modules/a/b.js", "lib/.a.ts.swp"]) {
      expect(isSource("/app", name, []), name).toBe(false);
    }
    expect(isSource("/app", "data/x.json", ["/app/data"])).toBe(false);
    expect(isSource("/app", "database/x.json", ["/app/data"])).toBe(true);
  });
});

describe("FolderWatch", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "troupe-watch-"));
    mkdirSync(join(folder, "lib"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("calls back once for changes that come together, and never while a call runs", async () => {
    const calls: PromiseWithResolvers<void>[] = [];
    const onChange = (): Promise<void> => {
      const call = Promise.withResolvers<void>();
      calls.push(call);
      return call.promise;
    };
    const watch = new FolderWatch({ clock: systemClock, folder, ignored: [], onChange });
    writeFileSync(join(folder, "account.ts"), "1");
    writeFileSync(join(folder, "lib", "bank.ts"), "1");
    await vi.waitFor(() => expect(calls).toHaveLength(1), { timeout: 5_000 });
    calls[0]?.resolve();
    writeFileSync(join(folder, "account.ts"), "2");
    await vi.waitFor(() => expect(calls).toHaveLength(2), { timeout: 5_000 });
    calls[1]?.resolve();
    watch.close();
  });
});

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BenchResult } from "../bench.ts";
import { BENCHES } from "../benches/catalog.ts";
import { runBench } from "./run-bench.ts";

async function run(...argv: string[]) {
  const lines: string[] = [];
  const errors: string[] = [];
  const code = await runBench(argv, {
    out: (text) => lines.push(...text.split("\n")),
    error: (text) => errors.push(text),
  });
  return { code, lines, errors };
}

/** Where the benches of these tests put their folders. */
let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "troupe-bench-test-"));
  vi.stubEnv("TMPDIR", temporary);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true, force: true });
});

// The benches run in processes of their own, from the built package.
describe("the bench command", () => {
  it("ends with one line of JSON for the bench that it ran, and leaves no folder behind", async () => {
    const { code, lines, errors } = await run("call-remote", "--quick", "--json");
    expect(errors.filter((line) => line.includes("failed"))).toEqual([]);
    expect(code).toBe(0);
    expect(lines).toHaveLength(1);
    const result = JSON.parse(lines[0] ?? "") as BenchResult;
    expect(result).toMatchObject({ name: "call-remote", unit: "calls/s", target: "ratio >= 0.7" });
    expect(result.ratio).toBeGreaterThan(0);
    expect(await readdir(temporary)).toEqual([]);
  });

  it("shows a table before the line of JSON", async () => {
    const { code, lines } = await run("call-local", "memory", "--quick", "--storage", "file");
    expect(code).toBe(0);
    expect(lines.join("\n")).toContain("call-local");
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
      name: "all",
      failures: 0,
      results: [{ name: "call-local" }, { name: "memory" }],
    });
  });

  it.each(["failover", "drain", "scale", "views", "stream", "observed", "reminders", "soak"])(
    "runs %s on the embedded default, and ends its processes",
    async (name) => {
      const { code, lines, errors } = await run(name, "--quick", "--json", "--storage", "file");
      expect(errors.filter((line) => line.includes("failed:"))).toEqual([]);
      expect(code).toBe(0);
      expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ name, value: expect.any(Number) });
      expect(await readdir(temporary)).toEqual([]);
    },
    120_000,
  );

  it("runs those of workflows on the embedded default", { timeout: 240_000 }, async () => {
    const names = BENCHES.map(({ name }) => name).filter((name) => name.startsWith("workflow-"));
    const { lines, errors } = await run(...names, "--quick", "--json", "--storage", "file");
    expect(errors.filter((line) => line.includes("failed:"))).toEqual([]);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
      failures: 0,
      results: names.map((name) => ({ name, value: expect.any(Number) })),
    });
    expect(await readdir(temporary)).toEqual([]);
  });

  it("lists every bench when it is asked for help", async () => {
    const { code, lines } = await run("--help");
    expect(code).toBe(0);
    for (const { name } of BENCHES) expect(lines.join("\n")).toContain(name);
  });

  it("names the benches that there are when it is asked for another one", async () => {
    const { code, lines, errors } = await run("call-locl");
    expect(code).toBe(2);
    expect(lines).toEqual([]);
    expect(errors.join("\n")).toContain("call-local");
  });
});

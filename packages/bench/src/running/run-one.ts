import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@troupe/core";
import type { Bench, BenchOptions, BenchResult, Measurement } from "../bench.ts";
import type { BenchMessage } from "../programs/bench-program.ts";
import { BenchChild } from "../programs/child-process.ts";
import { describeTarget, holds, reaches } from "./target-check.ts";

/** A bench that takes longer (than it is told, if it is) is broken, and is ended. */
const BENCH_MAX_MS = 300_000;

/**
 * Runs one bench in a process of its own, so that none finds code that another one has made hot or
 * slow. It ends by itself, and leaves neither processes nor files. Rejects if the bench does not
 * work.
 */
export async function runOne(
  bench: Bench,
  options: BenchOptions,
  progress: (line: string) => void,
): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), "troupe-bench-"));
  const child = new BenchChild({
    program: "bench-program.js",
    argument: { name: bench.name, folder, options: { ...options } },
    profile: options.profile,
    nodeArgs: ["--expose-gc"],
  });
  const limit = systemClock.schedule(BENCH_MAX_MS + options.minutes * 60_000, () =>
    child.signal("SIGKILL"),
  );
  try {
    const {
      value,
      baseline,
      ratio,
      details,
      target = bench.target,
      checks = [],
    } = await measured(child, progress);
    const checked = checks.map((check) => ({ ...check, ok: holds(check) }));
    return {
      name: bench.name,
      value,
      unit: bench.unit,
      baseline,
      ratio,
      target: describeTarget(target),
      ok: reaches(target, { value, ratio }) && checked.every(({ ok }) => ok),
      checks: checked,
      details,
    };
  } finally {
    limit.cancel();
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measured(child: BenchChild, progress: (line: string) => void): Promise<Measurement> {
  for (;;) {
    const message = (await child.next()) as BenchMessage;
    switch (message.kind) {
      case "progress":
        progress(message.line);
        break;
      case "measured":
        return message.measurement;
      case "failed":
        throw new Error(message.reason);
    }
  }
}

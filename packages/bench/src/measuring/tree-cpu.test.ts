import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { processLine, treeCpu } from "./tree-cpu.ts";

const onLinux = it.runIf(process.platform === "linux");

it("reads what a process has used, however it is called", () => {
  const stat = "42 (a (b) c) S 7 42 42 0 -1 4194560 100 0 0 0 11 22 33 44 20 0 1 0 999 1000000 50";
  expect(processLine(stat)).toEqual({ pid: 42, parent: 7, micros: 1_100_000 });
});

onLinux("counts what a process has started, too", async () => {
  const busy =
    "const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end);";
  const child = spawn(process.execPath, [
    "-e",
    `${busy} console.log("done"); process.stdin.resume();`,
  ]);
  await once(child.stdout, "data");
  try {
    expect(treeCpu(child.pid ?? 0)).toBeGreaterThanOrEqual(250_000);
    expect(treeCpu(process.pid)).toBeGreaterThanOrEqual(treeCpu(child.pid ?? 0) ?? Infinity);
  } finally {
    child.stdin.end();
    await once(child, "exit");
  }
});

it("says nothing of a process that there is not", () => {
  expect(treeCpu(2 ** 30)).toBeNull();
});

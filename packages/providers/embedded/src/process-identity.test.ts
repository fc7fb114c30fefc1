import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { isProvenGone, thisProcess } from "./process-identity.ts";

it("knows that this process runs", () => {
  expect(isProvenGone(thisProcess())).toBe(false);
});

it("proves that a process has ended, and not sooner", async () => {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
  const identity = { ...thisProcess(), pid: child.pid ?? 0, startedAt: "" };
  expect(isProvenGone(identity)).toBe(false);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isProvenGone(identity)).toBe(true);
});

it.runIf(process.platform === "linux")("tells a process from a later one with its number", () => {
  expect(isProvenGone({ ...thisProcess(), startedAt: "1" })).toBe(true);
});

it("proves nothing about a process of another namespace", () => {
  expect(isProvenGone({ ...thisProcess(), pid: 2 ** 22 + 1, pidNamespace: "pid:[1]" })).toBe(false);
});

it("takes a process that it may not signal for one that runs", () => {
  expect(isProvenGone({ ...thisProcess(), pid: 1, startedAt: "" })).toBe(false);
});

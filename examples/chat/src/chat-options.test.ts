import { resolve } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { readOptions } from "./chat-options.ts";

it("runs the demo unless it is told to serve", () => {
  expect(readOptions([])).toEqual({
    kind: "demo",
    options: { silos: 3, readers: 4, writers: 4, lines: 60, isVerbose: false },
  });
  expect(readOptions(["demo", "--lines", "5"])).toMatchObject({ options: { lines: 5 } });
  expect(readOptions(["serve", "--help"])).toEqual({ kind: "help" });
});

it("keeps the lines below the folder where the user is", () => {
  vi.stubEnv("INIT_CWD", "/somewhere");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(readOptions(["serve", "--port", "0"])).toEqual({
    kind: "serve",
    options: { silos: 3, port: 0, data: resolve("/somewhere", ".troupe") },
  });
});

function reasonOf(...args: string[]): string {
  const read = readOptions(args);
  return read.kind === "wrong" ? read.reason : "nothing";
}

it("says what is wrong with an option", () => {
  expect(reasonOf("--silos", "1")).toBe('--silos must be a whole number from 2 to 9, not "1"');
  expect(reasonOf("serve", "--port", "")).toMatch("--port must be a whole number");
  expect(reasonOf("play")).toBe('there is demo and serve, not "play"');
  expect(reasonOf("serve", "now")).toBe('"now" is one word too many');
  expect(reasonOf("--rooms", "3")).toMatch("--rooms");
});

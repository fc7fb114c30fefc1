import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { silentLogger } from "@troupe/core";
import { Actor, actor } from "@troupe/sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { startSilo } from "./start-silo.ts";

@actor("Idler")
class Idler extends Actor {}

/** A program as a user writes it, which does nothing but start a silo. */
const PROGRAM = `
  import { Actor, defineActor } from "@troupe/sdk";
  import { startSilo } from "@troupe/host";

  class Worker extends Actor {
    async work(ms) {
      console.log("working");
      await new Promise((resolve) => setTimeout(resolve, ms));
      console.log("worked");
    }
  }
  defineActor(Worker, { name: "Worker", methods: { work: {} } });
  const silo = await startSilo({
    actors: [Worker],
    membership: process.argv[1],
    logLevel: "silent",
    signals: true,
  });
  silo.actor(Worker, "a").work(Number(process.argv[2])).catch(() => undefined);
`;

function listeners(): number {
  return process.listenerCount("SIGTERM");
}

/** The program, whose turn takes so long; it has just begun. */
async function working(turnMs: number) {
  const folder = mkdtempSync(join(tmpdir(), "troupe-signals-"));
  const child = spawn(
    process.execPath,
    ["--input-type=module", "-e", PROGRAM, `file:${folder}`, String(turnMs)],
    { cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  output.on("line", (line) => lines.push(line));
  await once(output, "line");
  return { child, exited, lines };
}

describe("signals", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "drain a silo whose program asks for it, and then the process ends with 0 (%s)",
    async (signal) => {
      const { child, exited, lines } = await working(300);
      child.kill(signal);
      expect(await exited).toEqual([0, null]);
      expect(lines).toEqual(["working", "worked"]);
    },
  );

  it("end the process at once when they come twice", async () => {
    const { child, exited, lines } = await working(60_000);
    child.kill("SIGTERM");
    child.kill("SIGINT");
    // Which of the two comes second is up to the system.
    expect([130, 143]).toContain(((await exited) as [number, null])[0]);
    expect(lines).toEqual(["working"]);
  });

  it("are left alone once the silo has stopped, and unless they are asked for", async () => {
    const before = listeners();
    const options = { actors: [Idler], membership: "memory:signals", logger: silentLogger };
    const plain = await startSilo(options);
    expect(listeners()).toBe(before);
    await plain.stop();
    const silo = await startSilo({ ...options, signals: true });
    expect(listeners()).toBe(before + 1);
    await silo.stop();
    expect(listeners()).toBe(before);
  });
});

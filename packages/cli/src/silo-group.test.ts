import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@troupe/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ChildSilo } from "./child-silo.ts";
import { SiloGroup } from "./silo-group.ts";

/**
 * Stands for a silo: gets ready unless its file says otherwise, drains on SIGTERM, and notes both
 * in its file.
 */
const SCRIPT = `
import { appendFileSync, readFileSync } from "node:fs";
const [, , log, place] = process.argv;
const note = (what) => appendFileSync(log, what + " " + place + "\\n");
const order = readFileSync(log + ".order", "utf8").trim();
if (order === "crash") { console.error("broken at start"); process.exit(1); }
if (order === "differ") {
  await new Promise((sent) => process.send("loaded", sent));
  const notes = readFileSync(log, "utf8");
  if (notes.split("ready").length > notes.split("end").length) process.exit(2);
}
if (order === "stay") process.on("SIGTERM", () => note("asked"));
if (order === "usage") { console.error("wrong option"); process.exit(2); }
const end = () => { note("end"); process.exit(0); };
if (order !== "stay") process.on("SIGTERM", end);
process.on("disconnect", end);
note("ready");
process.send({ siloId: "s" + process.pid, address: "127.0.0.1:1" });
`;

let folder: string;
let group: SiloGroup;
let lines: string[];
let reports: string[];
let children: ChildSilo[];
let lost: number[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-group-"));
  writeFileSync(join(folder, "silo.mjs"), SCRIPT);
  writeFileSync(join(folder, "log"), "");
  order("start");
  [lines, reports, children, lost] = [[], [], [], []];
  group = new SiloGroup({
    clock: systemClock,
    count: 2,
    start: (place) => {
      const args = [join(folder, "silo.mjs"), join(folder, "log"), String(place)];
      const child = new ChildSilo({
        clock: systemClock,
        args,
        variables: process.env,
        onLine: (line) => lines.push(line),
      });
      children.push(child);
      return child;
    },
    report: (text) => reports.push(text),
    onLost: (place) => lost.push(place),
    onEmpty: () => reports.push("all drained"),
  });
});

afterEach(async () => {
  await group.stop();
  rmSync(folder, { recursive: true, force: true });
});

function order(what: "start" | "crash" | "usage" | "differ" | "stay"): void {
  writeFileSync(join(folder, "log.order"), what);
}

function log(): string[] {
  return readFileSync(join(folder, "log"), "utf8").trim().split("\n");
}

describe("SiloGroup", () => {
  it("starts all, and drains all when it is stopped", async () => {
    expect(await group.start()).toBe(true);
    await group.stop();
    expect(log().toSorted()).toEqual(["end 0", "end 1", "ready 0", "ready 1"]);
    expect(reports).toEqual([]);
  });

  it("replaces all: when the new ones are ready the old ones drain, one after the other", async () => {
    await group.start();
    expect(await group.replaceAll()).toBe("replaced");
    expect(log().slice(2, 4).toSorted()).toEqual(["ready 0", "ready 1"]);
    expect(log().slice(4)).toEqual(["end 0", "end 1"]);
  });

  it("starts a silo again that ended unasked", async () => {
    await group.start();
    children[0]?.kill();
    await vi.waitFor(() => expect(log().filter((line) => line === "ready 0")).toHaveLength(2), {
      timeout: 10_000,
    });
    expect(reports).toEqual(["silo 1 was ended by SIGKILL; starting it again"]);
  });

  it("does not start a silo again that has been drained, and says when it was the last", async () => {
    await group.start();
    for (const { pid } of children) if (pid !== undefined) process.kill(pid, "SIGTERM");
    await vi.waitFor(() => expect(reports).toContain("all drained"), { timeout: 10_000 });
    expect(reports.toSorted()).toEqual(["all drained", "silo 1 was drained", "silo 2 was drained"]);
    expect(children).toHaveLength(2);
  });

  it("gives up a silo that crashes at start three times, and has shown its error", async () => {
    order("crash");
    expect(await group.start()).toBe(false);
    expect(lines).toEqual(["broken at start", "broken at start", "broken at start"]);
    expect(reports.at(-1)).toBe("silo 1 ended with exit code 1 before it was ready");
  });

  it("does not try again what a mistake of the user ended", async () => {
    order("usage");
    expect(await group.start()).toBe(false);
    expect(children).toHaveLength(1);
  });

  it("leaves all as they are when a replacement does not get ready, and can replace later", async () => {
    await group.start();
    order("usage");
    expect(await group.replaceAll()).toBe("kept");
    expect(log()).toHaveLength(2);
    order("start");
    expect(await group.replaceAll()).toBe("replaced");
    expect(log().slice(4)).toEqual(["end 0", "end 1"]);
  });

  it("stops all before it starts all when new ones cannot run beside old ones", async () => {
    await group.start();
    order("differ");
    const replacing = group.replaceAll();
    await vi.waitFor(() => expect(log().filter((line) => line.startsWith("end"))).toHaveLength(2), {
      timeout: 10_000,
    });
    order("start");
    expect(await replacing).toBe("restarted");
    expect(log().slice(2, 4).toSorted()).toEqual(["end 0", "end 1"]);
    expect(log().slice(4)).toEqual(["ready 0", "ready 1"]);
  });

  it("leaves no process when it is killed while silos drain", async () => {
    order("stay");
    await group.start();
    const stopping = group.stop();
    await vi.waitFor(
      () => expect(log().filter((line) => line.startsWith("asked"))).toHaveLength(2),
      { timeout: 10_000 },
    );
    group.kill();
    await stopping;
    const exits = await Promise.all(children.map(({ exited }) => exited));
    expect(exits.map(({ signal }) => signal)).toEqual(["SIGKILL", "SIGKILL"]);
  });

  it("says that a place is lost when a silo that ran cannot be started again", async () => {
    await group.start();
    order("usage");
    children[1]?.kill();
    await vi.waitFor(() => expect(lost).toHaveLength(1), { timeout: 10_000 });
  });
});

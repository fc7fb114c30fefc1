import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commandFolder, type CommandRun, COUNTER } from "./testing/command-folder.ts";

/**
 * All on one cluster, which goes on from test to test: starting it takes longer than anything that
 * it does.
 */
describe("troupe dev", () => {
  const folder = commandFolder();
  let dev: CommandRun;

  beforeAll(async () => {
    dev = folder.start(["dev", "counter.ts", "--silos", "2", "--log-level", "warn"]);
    await dev.line(dev.err, /2 silos are ready/);
    await dev.line(dev.out, /^silo [12] \| silo .* is ready at/, 2);
  });

  beforeEach(() => {
    dev.forget();
  });

  it("runs a cluster that follows a changed file and stays up meanwhile", async () => {
    expect(await folder.ask("call", "Counter/a", "add", "1")).toMatchObject({ out: "1" });
    folder.write("step.ts", "export const STEP: number = 10;\n");
    await dev.line(dev.err, /all silos run the changed files/);
    expect(await folder.ask("call", "Counter/a", "add", "1")).toMatchObject({ out: "11" });
  });

  it("follows a change of an actor's definition", async () => {
    folder.write(
      "counter.ts",
      COUNTER.replace("async fail", "async twice() { return 2 * this.count; }\n\n  async fail"),
    );
    await dev.line(dev.err, /all silos run the changed files/);
    expect(await folder.ask("call", "Counter/a", "twice")).toMatchObject({ code: 0, out: "22" });
  });

  it("keeps the old silos while the changed file is broken, and shows why", async () => {
    folder.write("step.ts", "export const STEP = ;\n");
    await dev.line(dev.err, /silo 1 \| .*step\.ts/);
    await dev.line(dev.err, /the silos run the files as they were/);
    expect(await folder.ask("call", "Counter/b", "add", "1")).toMatchObject({ out: "10" });
    folder.write("step.ts", "export const STEP = 5;\n");
    await dev.line(dev.err, /all silos run the changed files/);
    expect(await folder.ask("call", "Counter/b", "add", "1")).toMatchObject({ out: "15" });
  });

  it("starts a killed silo again", async () => {
    const { out } = await folder.ask("call", "Counter/c", "silo");
    process.kill(Number(out), "SIGKILL");
    await dev.line(dev.out, /is ready at/);
    expect(await folder.ask("call", "Counter/c", "add", "1")).toMatchObject({ out: "5" });
  });

  it("refuses to run twice for one cluster, unless it is told to join", async () => {
    expect(await folder.run(["dev", "counter.ts"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/cluster troupe runs already, with 2 silos at .*--join/),
    });
    const joined = folder.start(["dev", "counter.ts", "--silos", "1", "--join"]);
    await joined.line(joined.err, /1 silo is ready/);
    expect((await folder.ask("status", "--json")).out.match(/"siloId"/g)).toHaveLength(3);
    joined.process.kill("SIGINT");
    expect(await joined.exited).toBe(0);
  });

  it("drains on SIGINT", async () => {
    dev.process.kill("SIGINT");
    expect(await dev.exited).toBe(0);
    expect(await folder.ask("status")).toMatchObject({
      code: 1,
      err: expect.stringContaining("has no silo"),
    });
  });

  it("ends with its error shown when the silos crash at start", async () => {
    folder.write("step.ts", 'export const STEP = 1;\nthrow new Error("no step");\n');
    expect(await folder.run(["dev", "counter.ts"])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no step\n.*step\.ts:2/),
    });
  });
});

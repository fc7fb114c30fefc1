import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(PACKAGE, "bin", "troupe.js");

const COUNTER = `
import { Actor, actor, state } from "troupe";
import { STEP } from "./step.js";

@actor("Counter")
export class Counter extends Actor {
  @state() accessor count: number = 0;

  async add(amount: number): Promise<number> {
    this.count += amount * STEP;
    return this.count;
  }

  async show(): Promise<object> {
    return { id: this.id, count: this.count };
  }

  async silo(): Promise<number> {
    return process.pid;
  }

  async fail(): Promise<void> {
    throw new RangeError("not today");
  }
}
`;

/** A process of the command line, with what it wrote. */
class Run {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly out: string[] = [];
  readonly err: string[] = [];

  constructor(folder: string, args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("TROUPE_"));
    const env = { ...Object.fromEntries(inherited), ...variables };
    this.process = spawn(process.execPath, [COMMAND, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const [stream, lines] of [
      [this.process.stdout, this.out],
      [this.process.stderr, this.err],
    ] as const) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => lines.push(line));
    }
    this.exited = new Promise((resolve) => this.process.once("close", resolve));
  }

  async line(lines: readonly string[], pattern: RegExp, count = 1): Promise<string> {
    return vi.waitFor(
      () => {
        const found = lines.filter((line) => pattern.test(line));
        expect(found.length, `${pattern} in ${[...this.out, ...this.err].join("\n")}`).toBeGreaterThanOrEqual(count);
        return found.at(-1) ?? "";
      },
      { timeout: 20_000, interval: 50 },
    );
  }
}

let folder: string;
let running: Run[];

function start(args: readonly string[], variables?: Readonly<Record<string, string>>): Run {
  const started = new Run(folder, args, variables);
  running.push(started);
  return started;
}

async function run(
  args: readonly string[],
  variables?: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const command = start(args, variables);
  const code = await command.exited;
  return { code, out: command.out.join("\n"), err: command.err.join("\n") };
}

beforeAll(() => {
  expect(existsSync(join(PACKAGE, "dist/cli/main.js")), "processes run what was built: npm run build").toBe(true);
});

beforeEach(() => {
  // Inside of the package, so that modules in it can import troupe as a user's do.
  mkdirSync(join(PACKAGE, ".troupe"), { recursive: true });
  folder = mkdtempSync(join(PACKAGE, ".troupe", "cli-"));
  writeFileSync(join(folder, "counter.ts"), COUNTER);
  writeFileSync(join(folder, "step.ts"), "export const STEP: number = 1;\n");
  running = [];
});

afterEach(async () => {
  for (const { process: child } of running) child.kill("SIGTERM");
  await Promise.all(running.map(({ exited }) => exited));
  rmSync(folder, { recursive: true, force: true });
});

describe("troupe", () => {
  it("explains itself and each command", async () => {
    for (const args of [["--help"], ["dev", "--help"], ["silo", "--help"], ["call", "--help"], ["status", "--help"]]) {
      // oxlint-disable-next-line no-await-in-loop -- two cores.
      expect(await run(args)).toMatchObject({ code: 0, out: expect.stringContaining("Usage: troupe"), err: "" });
    }
  });

  it("ends with 2 on a wrong command, option, argument or setting, and says what is wrong", async () => {
    const cases: [string[], RegExp][] = [
      [["sillo"], /unknown command 'sillo'/],
      [["silo"], /missing required argument 'module'/],
      [["silo", "counter.ts", "--listne", "x"], /unknown option '--listne'/],
      [["silo", "counter.ts", "--listen", "7100"], /listen \(--listen\) "7100": give host:port/],
      [["silo", "nowhere.ts"], /<module> nowhere\.ts is not there/],
      [["call", "Counter/a", "add", "five"], /a string needs its quotes: '"five"'/],
      [["call", "Counter", "add"], /write Type\/id/],
      [["status", "--membership", "memory:x"], /seen by one process only/],
    ];
    for (const [args, message] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- two cores.
      expect(await run(args), args.join(" ")).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
    }
  });

  it("ends with 2 when a module cannot be loaded, exports no actor, or one that cannot work", async () => {
    writeFileSync(join(folder, "broken.ts"), "export const x: number = ;");
    writeFileSync(join(folder, "empty.js"), "export const x = 1;");
    writeFileSync(join(folder, "undefined.ts"), 'import { Actor } from "troupe";\nexport class Lonely extends Actor {}\n');
    expect(await run(["silo", "broken.ts"])).toMatchObject({ code: 2, err: expect.stringContaining("broken.ts") });
    expect(await run(["silo", "empty.js"])).toMatchObject({ code: 2, err: expect.stringContaining("exports no actor class") });
    expect(await run(["silo", "undefined.ts"])).toMatchObject({ code: 2, err: expect.stringContaining("[BAD_DEFINITION]") });
  });

  it("ends with 1 when there is no silo", async () => {
    expect(await run(["call", "Counter/a", "add", "1"])).toMatchObject({ code: 1, err: expect.stringContaining("has no silo") });
    expect(await run(["status"])).toMatchObject({ code: 1, err: expect.stringContaining("has no silo") });
  });
});

describe("troupe silo", () => {
  it("serves calls and status, and drains on SIGTERM", async () => {
    writeFileSync(join(folder, "troupe.config.json"), JSON.stringify({ cluster: "bank", logLevel: "warn" }));
    const silo = start(["silo", "counter.ts", "--json"]);
    const ready = JSON.parse(await silo.line(silo.out, /^\{/)) as { siloId: string; address: string };
    expect(await run(["call", "Counter/a", "add", "5"])).toEqual({ code: 0, out: "5", err: "" });
    expect(await run(["call", "Counter/a", "add", "-2", "--json"])).toEqual({ code: 0, out: "3", err: "" });
    expect(await run(["call", "Counter/a", "show", "--json"])).toMatchObject({ out: '{"id":"a","count":3}' });
    const status = await run(["status", "--json"]);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.out)).toMatchObject({
      cluster: "bank",
      silos: [{ ...ready, state: "active", ownership: 1, activations: 1, activationsByType: { Counter: 1 }, error: null }],
    });
    expect(await run(["status"])).toMatchObject({ code: 0, out: expect.stringContaining(ready.siloId) });
    silo.process.kill("SIGTERM");
    expect(await silo.exited).toBe(0);
    expect(await run(["status", "--json"])).toMatchObject({ code: 1, out: expect.stringContaining('"silos":[]') });
  });

  it("shows what an actor threw, and what it does not have, and ends the call with 1", async () => {
    const silo = start(["silo", "counter.ts"]);
    await silo.line(silo.out, /ready at/);
    expect(await run(["call", "Counter/a", "fail"])).toMatchObject({ code: 1, out: "", err: "RangeError: not today" });
    const missing = await run(["call", "Counter/a", "nothing", "--json"]);
    expect(missing.code).toBe(1);
    expect(JSON.parse(missing.err)).toMatchObject({ error: { code: "NO_SUCH_METHOD", ran: "no" } });
    expect(await run(["call", "Nobody/a", "x"])).toMatchObject({ code: 1, err: expect.stringContaining("[NO_SUCH_ACTOR_TYPE]") });
  });

  it("runs as several processes, and stops them together", async () => {
    const silos = start(["silo", "counter.ts", "--processes", "2", "--json"]);
    await silos.line(silos.out, /^\{/, 2);
    const { silos: members } = JSON.parse((await run(["status", "--json"])).out) as { silos: { state: string }[] };
    expect(members.map(({ state }) => state)).toEqual(["active", "active"]);
    silos.process.kill("SIGINT");
    expect(await silos.exited).toBe(0);
    expect(await run(["status"])).toMatchObject({ code: 1 });
  });
});

describe("troupe dev", () => {
  it("runs a cluster that follows a changed file and stays up meanwhile, and drains on SIGINT", async () => {
    const dev = start(["dev", "counter.ts", "--silos", "2", "--log-level", "warn"]);
    await dev.line(dev.err, /2 silos are ready/);
    expect(dev.out.filter((line) => /^silo [12] \| silo .* is ready at/.test(line))).toHaveLength(2);
    expect(await run(["call", "Counter/a", "add", "1"])).toMatchObject({ out: "1" });
    writeFileSync(join(folder, "step.ts"), "export const STEP: number = 10;\n");
    await dev.line(dev.err, /all silos run the changed files/);
    expect(await run(["call", "Counter/a", "add", "1"])).toMatchObject({ out: "11" });
    dev.process.kill("SIGINT");
    expect(await dev.exited).toBe(0);
  });

  it("follows a change of an actor's definition", async () => {
    const dev = start(["dev", "counter.ts", "--silos", "2", "--log-level", "warn"]);
    await dev.line(dev.err, /2 silos are ready/);
    writeFileSync(
      join(folder, "counter.ts"),
      COUNTER.replace("async fail", "async twice() { return 2 * this.count; }\n\n  async fail"),
    );
    await dev.line(dev.err, /all silos run the changed files/);
    expect(await run(["call", "Counter/a", "twice"])).toMatchObject({ code: 0, out: "0" });
  });

  it("keeps the old silos while the changed file is broken, and shows why", async () => {
    const dev = start(["dev", "counter.ts", "--silos", "2", "--log-level", "warn"]);
    await dev.line(dev.err, /2 silos are ready/);
    writeFileSync(join(folder, "step.ts"), "export const STEP = ;\n");
    await dev.line(dev.err, /silo 1 \| .*step\.ts/);
    await dev.line(dev.err, /the rest runs the files as they were/);
    expect(await run(["call", "Counter/a", "add", "1"])).toMatchObject({ out: "1" });
    writeFileSync(join(folder, "step.ts"), "export const STEP = 5;\n");
    await dev.line(dev.err, /all silos run the changed files/);
    expect(await run(["call", "Counter/a", "add", "1"])).toMatchObject({ out: "6" });
  });

  it("starts a killed silo again", async () => {
    const dev = start(["dev", "counter.ts", "--silos", "2", "--log-level", "warn"]);
    await dev.line(dev.err, /2 silos are ready/);
    const { out } = await run(["call", "Counter/a", "silo"]);
    process.kill(Number(out), "SIGKILL");
    await dev.line(dev.out, /is ready at/, 3);
    expect(await run(["call", "Counter/a", "add", "1"])).toMatchObject({ out: "1" });
  });

  it("ends with its error shown when the silos crash at start", async () => {
    writeFileSync(join(folder, "step.ts"), 'export const STEP = 1;\nthrow new Error("no step");\n');
    const dev = await run(["dev", "counter.ts"]);
    expect(dev).toMatchObject({ code: 1, err: expect.stringMatching(/no step\n.*step\.ts:2/) });
  });
});

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { runCommandLine } from "./command-line.ts";
import { type Printed, printedBy } from "./testing/printed.ts";

const PACKAGE = fileURLToPath(new URL("../../troupe", import.meta.url));
const COMMAND = join(PACKAGE, "bin", "troupe.js");

const COUNTER = `
import { Actor, actor, reminder, state } from "troupe";
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

  async remind(): Promise<void> {
    await this.reminders.set("nag", { every: "1h" });
  }

  @reminder("nag") async nag(): Promise<void> {}

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

  constructor(
    folder: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("TROUPE_"));
    const env = { ...Object.fromEntries(inherited), ...variables };
    this.process = spawn(process.execPath, [COMMAND, ...args], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const [stream, lines] of [
      [this.process.stdout, this.out],
      [this.process.stderr, this.err],
    ] as const) {
      if (stream !== null)
        createInterface({ input: stream }).on("line", (line) => lines.push(line));
    }
    this.exited = new Promise((resolve) => this.process.once("close", resolve));
  }

  /** Only what it writes from now on is looked at. */
  forget(): void {
    this.out.length = 0;
    this.err.length = 0;
  }

  async line(lines: readonly string[], pattern: RegExp, count = 1): Promise<string> {
    return vi.waitFor(
      () => {
        const found = lines.filter((line) => pattern.test(line));
        expect(
          found.length,
          `${pattern} in ${[...this.out, ...this.err].join("\n")}`,
        ).toBeGreaterThanOrEqual(count);
        return found.at(-1) ?? "";
      },
      { timeout: 20_000, interval: 50 },
    );
  }
}

let folder: string;
const running: Run[] = [];

function start(args: readonly string[], variables?: Readonly<Record<string, string>>): Run {
  const started = new Run(folder, args, variables);
  running.push(started);
  return started;
}

/** The command in a process of its own: what a user gets. */
async function run(args: readonly string[]): Promise<Printed> {
  const command = start(args);
  const code = (await command.exited) ?? -1;
  return { code, out: command.out.join("\n"), err: command.err.join("\n") };
}

/**
 * The same command in this process, for which none has to start. It does not read the folder's
 * configuration file.
 */
function runHere(args: readonly string[]): Promise<Printed> {
  return printedBy(() => runCommandLine(args));
}

/** A command to the cluster that runs in the folder. */
function ask(...args: readonly string[]): Promise<Printed> {
  return runHere([...args, "--membership", `file:${folder}/.troupe`]);
}

function askBank(...args: readonly string[]): Promise<Printed> {
  return ask(...args, "--cluster", "bank");
}

beforeAll(() => {
  expect(
    existsSync(join(PACKAGE, "../cli/dist/main.js")),
    "processes run what was built: npm run build",
  ).toBe(true);
});

/** Each group of tests has a folder, and processes that end with it. */
function inFolder(): void {
  beforeAll(() => {
    // Inside of the package, so that modules in it can import troupe as a user's do.
    mkdirSync(join(PACKAGE, ".troupe"), { recursive: true });
    folder = mkdtempSync(join(PACKAGE, ".troupe", "cli-"));
    writeFileSync(join(folder, "counter.ts"), COUNTER);
    writeFileSync(join(folder, "step.ts"), "export const STEP: number = 1;\n");
  });

  afterAll(async () => {
    for (const { process: child } of running) child.kill("SIGTERM");
    await Promise.all(running.splice(0).map(({ exited }) => exited));
    rmSync(folder, { recursive: true, force: true });
  });
}

describe("troupe", () => {
  inFolder();

  it("explains itself and each command", async () => {
    for (const command of [
      "dev",
      "silo",
      "call",
      "status",
      "actors",
      "reminders",
      "letters",
      "drain",
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- what they print is told apart by time.
      const { code, out, err } = await runHere([command, "--help"]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain(`Usage: troupe ${command}`);
    }
    expect(await run(["--help"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("Usage: troupe"),
      err: "",
    });
  });

  it("ends with 2 on a wrong command, option, argument or setting, and says what is wrong", async () => {
    const cases: [string[], RegExp][] = [
      [["sillo"], /unknown command 'sillo'/],
      [["silo"], /missing required argument 'module'/],
      [["silo", "counter.ts", "--listne", "x"], /unknown option '--listne'/],
      [["dev", "nowhere.ts"], /<module> nowhere\.ts is not there/],
      [["call", "Counter/a", "add", "five"], /a string needs its quotes: '"five"'/],
      [["call", "Counter", "add"], /write Type\/id/],
      [["reminders", "Counter"], /write Type\/id/],
      [["letters", "Counter/a", "--resend", "x"], /Give the number of a letter, or "all"/],
      [["letters", "--resend", "all"], /--resend needs the actor/],
      [["drain", "s", "--timeout", "soon"], /timeout \(--timeout\) "soon": give/],
      [["status", "--membership", "memory:x"], /seen by one process only/],
    ];
    for (const [args, message] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- what they print is told apart by time.
      expect(await runHere(args), args.join(" ")).toMatchObject({
        code: 2,
        out: "",
        err: expect.stringMatching(message),
      });
    }
    expect(await run(["silo", "counter.ts", "--listen", "7100"])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(/listen \(--listen\) "7100": give host:port/),
    });
  });

  it("ends with 2 when a module cannot be loaded, exports no actor, or one that cannot work", async () => {
    writeFileSync(join(folder, "broken.ts"), "export const x: number = ;");
    writeFileSync(join(folder, "empty.js"), "export const x = 1;");
    writeFileSync(
      join(folder, "undefined.ts"),
      'import { Actor } from "troupe";\nexport class Lonely extends Actor {}\n',
    );
    const [broken, empty, lonely] = await Promise.all(
      ["broken.ts", "empty.js", "undefined.ts"].map((module) => run(["silo", module])),
    );
    expect(broken).toMatchObject({ code: 2, err: expect.stringContaining("broken.ts") });
    expect(empty).toMatchObject({
      code: 2,
      err: expect.stringContaining("exports no actor class"),
    });
    expect(lonely).toMatchObject({ code: 2, err: expect.stringContaining("[BAD_DEFINITION]") });
  });

  it("ends with 1 when there is no silo", async () => {
    for (const args of [
      ["call", "Counter/a", "add", "1"],
      ["status"],
      ["actors"],
      ["drain", "s"],
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- what they print is told apart by time.
      expect(await ask(...args)).toMatchObject({
        code: 1,
        err: expect.stringContaining("has no silo"),
      });
    }
  });
});

describe("troupe silo", () => {
  inFolder();

  it("serves calls and status, and drains on SIGTERM", async () => {
    writeFileSync(
      join(folder, "troupe.config.json"),
      JSON.stringify({ cluster: "bank", logLevel: "warn" }),
    );
    const silo = start(["silo", "counter.ts", "--json"]);
    const ready = JSON.parse(await silo.line(silo.out, /^\{/)) as {
      siloId: string;
      address: string;
    };
    expect(await run(["call", "Counter/a", "add", "5"])).toEqual({ code: 0, out: "5", err: "" });
    expect(await askBank("call", "Counter/a", "add", "-2", "--json")).toEqual({
      code: 0,
      out: "3",
      err: "",
    });
    expect(await askBank("call", "Counter/a", "show", "--json")).toMatchObject({
      out: '{"id":"a","count":3}',
    });
    const status = await run(["status", "--json"]);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.out)).toMatchObject({
      cluster: "bank",
      silos: [
        {
          ...ready,
          state: "active",
          ownership: 1,
          activations: 1,
          activationsByType: { Counter: 1 },
          error: null,
        },
      ],
    });
    expect(await askBank("status")).toMatchObject({
      code: 0,
      out: expect.stringContaining(ready.siloId),
    });
    silo.process.kill("SIGTERM");
    expect(await silo.exited).toBe(0);
    expect(await askBank("status", "--json")).toMatchObject({
      code: 1,
      out: expect.stringContaining('"silos":[]'),
    });
    rmSync(join(folder, "troupe.config.json"));
  });

  it("runs as several processes, of which one can be drained, and stops them together", async () => {
    const silos = start(["silo", "counter.ts", "--processes", "2", "--json"]);
    await silos.line(silos.out, /^\{/, 2);
    const { silos: members } = JSON.parse((await ask("status", "--json")).out) as {
      silos: { siloId: string; state: string }[];
    };
    expect(members.map(({ state }) => state)).toEqual(["active", "active"]);

    // What an actor threw, and what it does not have, ends the call with 1.
    expect(await ask("call", "Counter/a", "fail")).toMatchObject({
      code: 1,
      out: "",
      err: "RangeError: not today",
    });
    const missing = await ask("call", "Counter/a", "nothing", "--json");
    expect(missing.code).toBe(1);
    expect(JSON.parse(missing.err)).toMatchObject({ error: { code: "NO_SUCH_METHOD", ran: "no" } });
    expect(await ask("call", "Nobody/a", "x")).toMatchObject({
      code: 1,
      err: expect.stringContaining("[NO_SUCH_ACTOR_TYPE]"),
    });

    expect(await ask("call", "Counter/a", "remind")).toMatchObject({ code: 0 });
    expect(JSON.parse((await ask("actors", "Counter", "--json")).out)).toMatchObject({
      actors: [{ type: "Counter", id: "a" }],
    });
    expect(JSON.parse((await ask("reminders", "--json")).out)).toMatchObject({
      reminders: [{ id: "a", name: "nag" }],
    });
    const ofActor = JSON.parse((await ask("reminders", "Counter/a", "--json")).out) as unknown;
    expect(ofActor).toMatchObject({
      actor: "Counter/a",
      reminders: [{ name: "nag", count: 0, failed: 0 }],
    });
    expect(await ask("letters", "--json")).toMatchObject({ code: 0, out: '{"actors":[]}' });

    const unknown = await ask("drain", "nobody");
    expect(unknown).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining(`\n  ${members[1]?.siloId} at 127.0.0.1:`),
    });
    const siloId = members[0]?.siloId ?? "";
    const drained = await run(["drain", siloId.slice(0, 8), "--json"]);
    expect({ code: drained.code, out: JSON.parse(drained.out) as unknown }).toMatchObject({
      code: 0,
      out: { siloId, drained: true },
    });
    await silos.line(silos.err, /^silo [12] was drained/);
    expect(await ask("call", "Counter/a", "add", "1")).toMatchObject({ code: 0, out: "1" });

    silos.process.kill("SIGINT");
    expect(await silos.exited).toBe(0);
    expect(await ask("status")).toMatchObject({ code: 1 });
  });
});

/**
 * All on one cluster, which goes on from test to test: starting it takes longer than anything that
 * it does.
 */
describe("troupe dev", () => {
  inFolder();
  let dev: Run;

  beforeAll(async () => {
    dev = start(["dev", "counter.ts", "--silos", "2", "--log-level", "warn"]);
    await dev.line(dev.err, /2 silos are ready/);
    await dev.line(dev.out, /^silo [12] \| silo .* is ready at/, 2);
  });

  beforeEach(() => {
    dev.forget();
  });

  it("runs a cluster that follows a changed file and stays up meanwhile", async () => {
    expect(await ask("call", "Counter/a", "add", "1")).toMatchObject({ out: "1" });
    writeFileSync(join(folder, "step.ts"), "export const STEP: number = 10;\n");
    await dev.line(dev.err, /all silos run the changed files/);
    expect(await ask("call", "Counter/a", "add", "1")).toMatchObject({ out: "11" });
  });

  it("follows a change of an actor's definition", async () => {
    writeFileSync(
      join(folder, "counter.ts"),
      COUNTER.replace("async fail", "async twice() { return 2 * this.count; }\n\n  async fail"),
    );
    await dev.line(dev.err, /all silos run the changed files/);
    expect(await ask("call", "Counter/a", "twice")).toMatchObject({ code: 0, out: "22" });
  });

  it("keeps the old silos while the changed file is broken, and shows why", async () => {
    writeFileSync(join(folder, "step.ts"), "export const STEP = ;\n");
    await dev.line(dev.err, /silo 1 \| .*step\.ts/);
    await dev.line(dev.err, /the rest runs the files as they were/);
    expect(await ask("call", "Counter/b", "add", "1")).toMatchObject({ out: "10" });
    writeFileSync(join(folder, "step.ts"), "export const STEP = 5;\n");
    await dev.line(dev.err, /all silos run the changed files/);
    expect(await ask("call", "Counter/b", "add", "1")).toMatchObject({ out: "15" });
  });

  it("starts a killed silo again", async () => {
    const { out } = await ask("call", "Counter/c", "silo");
    process.kill(Number(out), "SIGKILL");
    await dev.line(dev.out, /is ready at/);
    expect(await ask("call", "Counter/c", "add", "1")).toMatchObject({ out: "5" });
  });

  it("drains on SIGINT", async () => {
    dev.process.kill("SIGINT");
    expect(await dev.exited).toBe(0);
    expect(await ask("status")).toMatchObject({
      code: 1,
      err: expect.stringContaining("has no silo"),
    });
  });

  it("ends with its error shown when the silos crash at start", async () => {
    writeFileSync(join(folder, "step.ts"), 'export const STEP = 1;\nthrow new Error("no step");\n');
    expect(await run(["dev", "counter.ts"])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no step\n.*step\.ts:2/),
    });
  });
});

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { runCommandLine } from "../command-line.ts";
import { type Printed, printedBy } from "./printed.ts";

const PACKAGE = fileURLToPath(new URL("../../../troupe", import.meta.url));
export const COMMAND = join(PACKAGE, "bin", "troupe.js");

const COUNTER_SOURCE = `
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

/** The module `counter.ts` of the folder. */
export const COUNTER = COUNTER_SOURCE;

/** A process of the command line, with what it wrote. */
export class CommandRun {
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

/** A folder as a user's project, and the commands that are run in it. */
export class CommandFolder {
  #path = "";
  readonly #running: CommandRun[] = [];

  get path(): string {
    return this.#path;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.#path, name), text);
  }

  remove(name: string): void {
    rmSync(join(this.#path, name));
  }

  /** The command in a process of its own, which goes on. */
  start(args: readonly string[], variables?: Readonly<Record<string, string>>): CommandRun {
    const started = new CommandRun(this.#path, args, variables);
    this.#running.push(started);
    return started;
  }

  /** The command in a process of its own: what a user gets. */
  async run(args: readonly string[]): Promise<Printed> {
    const command = this.start(args);
    const code = (await command.exited) ?? -1;
    return { code, out: command.out.join("\n"), err: command.err.join("\n") };
  }

  /** A command to the cluster that runs in the folder. */
  ask(...args: readonly string[]): Promise<Printed> {
    return runHere([...args, "--membership", `file:${this.#path}/.troupe`]);
  }

  open(): void {
    expect(
      existsSync(join(PACKAGE, "../cli/dist/main.js")),
      "processes run what was built: npm run build",
    ).toBe(true);
    // Inside of the package, so that modules in it can import troupe as a user's do.
    mkdirSync(join(PACKAGE, ".troupe"), { recursive: true });
    this.#path = mkdtempSync(join(PACKAGE, ".troupe", "cli-"));
    this.write("counter.ts", COUNTER);
    this.write("step.ts", "export const STEP: number = 1;\n");
  }

  /** Ends the processes that were started, and removes the folder. */
  async close(): Promise<void> {
    for (const { process: child } of this.#running) child.kill("SIGTERM");
    await Promise.all(this.#running.splice(0).map(({ exited }) => exited));
    rmSync(this.#path, { recursive: true, force: true });
  }
}

/** A folder for the tests of one group. */
export function commandFolder(): CommandFolder {
  const folder = new CommandFolder();
  beforeAll(() => folder.open());
  afterAll(() => folder.close());
  return folder;
}

/**
 * The command in this process, for which none has to start. It does not read the folder's
 * configuration file.
 */
export function runHere(args: readonly string[]): Promise<Printed> {
  return printedBy(() => runCommandLine(args));
}

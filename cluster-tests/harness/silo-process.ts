import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { JOURNAL_VARIABLE } from "../actors/journal.ts";

const COMMAND = fileURLToPath(new URL("../../packages/troupe/bin/troupe.js", import.meta.url));

/** What is kept of the lines that a process writes: enough to see why a test failed. */
const LINES_MAX = 2_000;

/** What `troupe silo --json` prints when it takes calls. */
export interface SiloReady {
  readonly siloId: string;
  readonly address: string;
}

export interface SiloExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Where and how a silo's process runs. */
export interface SiloPlace {
  /**
   * The beginning of its command line, such as what puts it into a network of its own. It must end
   * by running the rest as this process.
   */
  readonly within: readonly string[];
  /** Flags for `troupe silo`. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The command `troupe` that it runs. Default: what was built here. */
  readonly command?: string;
}

export const HERE: SiloPlace = { within: [], flags: [], environment: {} };

/** A process of `troupe silo`. */
export class SiloProcess {
  /** Rejects, with all that the process wrote, if it ends before it is ready. */
  readonly ready: Promise<SiloReady>;
  /** Settles when it has ended and everything that it wrote is in `lines`. */
  readonly exited: Promise<SiloExit>;
  readonly lines: string[] = [];
  readonly place: SiloPlace;
  readonly #process: ChildProcess;
  #hasExited = false;

  constructor(args: readonly string[], journal: string, place: SiloPlace = HERE) {
    this.place = place;
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(TROUPE_|NODE_OPTIONS|VITEST)/.test(name),
    );
    const words = [place.command ?? COMMAND, "silo", ...args, "--json"];
    const [first, ...rest] = place.within;
    const [program, all] =
      first === undefined
        ? [process.execPath, words]
        : [first, [...rest, process.execPath, ...words]];
    this.#process = spawn(program, all, {
      env: { ...Object.fromEntries(inherited), [JOURNAL_VARIABLE]: journal, ...place.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = new Promise((resolve) => {
      this.#process.once("close", (code, signal) => {
        this.#hasExited = true;
        resolve({ code, signal });
      });
    });
    const said = new Promise<SiloReady>((resolve) => {
      this.#readLines((line) => {
        if (line.startsWith('{"siloId"')) resolve(JSON.parse(line) as SiloReady);
      });
    });
    this.ready = Promise.race([
      said,
      this.exited.then(({ code, signal }) => this.#neverReady(signal ?? code)),
    ]);
    // Whoever waits for `exited` need not wait for this.
    this.ready.catch(() => undefined);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** True while the kernel keeps it from running. */
  get isFrozen(): boolean {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  }

  /** Only this process; a number that is another's by now gets nothing. */
  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  #readLines(onOutput: (line: string) => void): void {
    const { stdout, stderr } = this.#process;
    if (stdout !== null)
      createInterface({ input: stdout }).on("line", (line) => (this.#keep(line), onOutput(line)));
    if (stderr !== null) createInterface({ input: stderr }).on("line", (line) => this.#keep(line));
  }

  #keep(line: string): void {
    this.lines.push(line);
    if (this.lines.length > LINES_MAX) this.lines.shift();
  }

  #neverReady(end: string | number | null): never {
    throw new Error(`the silo ended with ${end} before it was ready:\n${this.lines.join("\n")}`);
  }
}

import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { fileURLToPath } from "node:url";
import { USAGE_QUESTION, type Usage } from "./process-usage.ts";

export interface ChildOptions {
  /** File name in `dist/programs`. */
  readonly program: string;
  readonly argument: Serializable;
  /** Folder for the CPU profile that the process leaves when it ends. */
  readonly profile: string | undefined;
  /** Further arguments of Node.js. */
  readonly nodeArgs?: readonly string[];
}

/**
 * One of this package's programs in a process of its own. It gets its argument as its first
 * message, says what it has to say in messages, and ends when its starter does.
 */
export class BenchChild {
  readonly #process: ChildProcess;
  readonly #exited: Promise<string>;
  readonly #said: unknown[] = [];
  #onSaid: (() => void) | undefined;

  constructor({ program, argument, profile, nodeArgs = [] }: ChildOptions) {
    const profiling = profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", profile];
    const file = fileURLToPath(new URL(`../../dist/programs/${program}`, import.meta.url));
    // Nothing but the result goes to standard output, so what a child writes goes to standard
    // error.
    this.#process = fork(file, [], {
      execArgv: [...nodeArgs, ...profiling],
      stdio: ["ignore", 2, 2, "ipc"],
    });
    this.#exited = new Promise((resolve) => {
      this.#process.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
      this.#process.once("error", (error) => resolve(error.message));
    });
    this.#process.on("message", (message) => {
      this.#said.push(message);
      this.#onSaid?.();
    });
    this.#process.send(argument);
  }

  /**
   * The next message, of those that were not taken yet. Rejects if the process ends before it
   * comes.
   */
  async next(): Promise<unknown> {
    if (this.#said.length === 0) {
      const said = new Promise<void>((resolve) => {
        this.#onSaid = resolve;
      });
      const ended = await Promise.race([said, this.#exited]);
      if (typeof ended === "string")
        throw new Error(`a bench process ended with ${ended}; see its output above`);
    }
    return this.#said.shift();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Its answer to a message. To be asked when no other message is expected. */
  ask(message: Serializable): Promise<unknown> {
    this.#process.send(message);
    return this.next();
  }

  async usage(): Promise<Usage> {
    return (await this.ask(USAGE_QUESTION)) as Usage;
  }

  /** Microseconds of CPU that it has used. */
  async cpu(): Promise<number> {
    return (await this.usage()).cpuMicros;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits until it has ended. */
  async exited(): Promise<void> {
    await this.#exited;
  }

  /**
   * Lets it end by itself, which leaves its profile; one that does not is killed by its program's
   * own limit.
   */
  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    await this.#exited;
  }
}

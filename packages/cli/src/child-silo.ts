import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Clock } from "@troupe/core";

/**
 * What a silo process says of itself when it is ready, on its standard output and to the process
 * that started it.
 */
export interface SiloReady {
  readonly siloId: string;
  readonly address: string;
}

/**
 * What it says before: its module and its actors are in order, so what fails from then on is not
 * their fault.
 */
export const SILO_LOADED = "loaded";

/** How a process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long a silo may take to drain before it is killed. */
const DRAIN_MAX_MS = 30_000;

export interface ChildSiloOptions {
  readonly clock: Clock;
  /** Arguments of Node.js: the script and what is for it. */
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Each line that the process writes, and where to. */
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
}

/**
 * A silo in a process of its own.
 *
 * It runs in its own process group, so that Ctrl-C on the terminal reaches only its starter, which
 * then drains all. It is tied to its starter by a channel whose end makes it drain, so it does not
 * outlive a starter that was killed.
 */
export class ChildSilo {
  /** What the process said when it was ready, or undefined if it ended before. */
  readonly ready: Promise<SiloReady | undefined>;
  /** Settles when the process has ended and everything that it wrote was given to `onLine`. */
  readonly exited: Promise<ChildExit>;
  readonly #process: ChildProcess;
  readonly #clock: Clock;
  #ended = false;
  #progress: "started" | "loaded" | "ready" = "started";
  #stopping: Promise<ChildExit> | undefined;

  constructor({ clock, args, variables, onLine }: ChildSiloOptions) {
    this.#clock = clock;
    this.#process = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: variables,
      detached: true,
    });
    readLines(this.#process.stdout, (line) => onLine(line, "stdout"));
    readLines(this.#process.stderr, (line) => onLine(line, "stderr"));
    this.exited = new Promise((resolve) => {
      const end = (exit: ChildExit): void => {
        this.#ended = true;
        resolve(exit);
      };
      this.#process.once("close", (code, signal) => end({ code, signal }));
      this.#process.once("error", (error) => {
        onLine(error.message, "stderr");
        end({ code: null, signal: null });
      });
    });
    const said = new Promise<SiloReady>((resolve) => {
      this.#process.on("message", (message: unknown) => {
        if (message === SILO_LOADED) this.#progress = "loaded";
        if (!isReady(message)) return;
        this.#progress = "ready";
        resolve(message);
      });
    });
    this.ready = Promise.race([said, this.exited.then(() => undefined)]);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** How far it came: once it is loaded, its module and its actors are in order. */
  get progress(): "started" | "loaded" | "ready" {
    return this.#progress;
  }

  /**
   * Drains and ends the process; one that does not end in time is killed. Asking twice is harmless.
   */
  stop(): Promise<ChildExit> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends the process at once. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  async #stop(): Promise<ChildExit> {
    if (this.#ended) return this.exited;
    this.#process.kill("SIGTERM");
    const killing = this.#clock.schedule(DRAIN_MAX_MS, () => this.#process.kill("SIGKILL"));
    const exit = await this.exited;
    killing.cancel();
    return exit;
  }
}

/** How the process ended, for people. */
export function describeExit({ code, signal }: ChildExit): string {
  if (signal !== null) return `was ended by ${signal}`;
  return code === null ? "could not be started" : `ended with exit code ${code}`;
}

function isReady(message: unknown): message is SiloReady {
  return (
    typeof message === "object" && message !== null && "siloId" in message && "address" in message
  );
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on("line", onLine);
}

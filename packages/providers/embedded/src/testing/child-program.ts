import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Report } from "./store-program.ts";

const PROGRAM = fileURLToPath(new URL("store-program.ts", import.meta.url));

/**
 * Node.js as it runs our sources; parameter properties in `core` need more than the removal of
 * types.
 */
const NODE_FLAGS = [
  "--conditions=@troupe/source",
  "--experimental-transform-types",
  "--disable-warning=ExperimentalWarning",
];

export interface ChildOptions {
  /** The largest file that the process may write: what a full disk is to it. */
  readonly fileSizeMaxKiB?: number;
}

/** A program of `store-program.ts` in a process of its own. */
export class ChildProgram implements AsyncDisposable {
  readonly reports: Report[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #hasEnded = false;
  readonly #wake: (() => void)[] = [];

  constructor(args: readonly string[], options: ChildOptions = {}) {
    const { fileSizeMaxKiB } = options;
    const shell = `ulimit -f ${fileSizeMaxKiB}; exec "${process.execPath}" "$@"`;
    this.#child =
      fileSizeMaxKiB === undefined
        ? fork(PROGRAM, args, {
            execArgv: NODE_FLAGS,
            stdio: ["ignore", "ignore", "inherit", "ipc"],
          })
        : fork(PROGRAM, args, {
            // The limit is the shell's to set; bash counts it in KiB.
            execPath: "/bin/bash",
            execArgv: ["-c", shell, "node", ...NODE_FLAGS],
            stdio: ["ignore", "ignore", "ignore", "ipc"],
          });
    // What it said before it ended may arrive after its exit is known.
    this.#ended = Promise.all([once(this.#child, "exit"), once(this.#child, "disconnect")]).finally(
      () => {
        this.#hasEnded = true;
        this.#wakeAll();
      },
    );
    this.#child.on("message", (report: Report) => {
      this.reports.push(report);
      this.#wakeAll();
    });
  }

  /** The first report that fits; waits for it. Rejects if the program ends without one. */
  async report<K extends Report["kind"]>(
    kind: K,
    fits: (report: Report & { kind: K }) => boolean = () => true,
  ): Promise<Report & { kind: K }> {
    for (;;) {
      const found = this.reports.find(
        (report): report is Report & { kind: K } =>
          report.kind === kind && fits(report as Report & { kind: K }),
      );
      if (found !== undefined) return found;
      if (this.#hasEnded)
        throw new Error(
          `the program ended without a report ${kind}: ${JSON.stringify(this.reports.at(-1))}`,
        );
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** Ends it at once and waits until it has ended. What it reported before is in `reports`. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

import { type ChildProcess, spawn } from "node:child_process";

/**
 * Keeps a list of processes, told line by line, until its standard input ends, which is the end of
 * the test's process, however it ended. Then it ends those that are on the list, which a frozen one
 * cannot resist, and removes the folder.
 */
const SCRIPT = `
pids=
while read -r what pid; do
  left=
  for known in $pids; do [ "$known" = "$pid" ] || left="$left $known"; done
  pids=$left
  [ "$what" = started ] && pids="$pids $pid"
done
[ -n "$pids" ] && kill -9 $pids 2>/dev/null
rm -rf "$1"
`;

/**
 * Sees to it that nothing of a cluster outlives the process that started it: neither silos nor the
 * folder.
 */
export class ProcessGuard {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(folder: string) {
    // Detached, so that an interrupt from the terminal, which goes to the whole group, leaves it
    // alive to clean up.
    this.#process = spawn("sh", ["-c", SCRIPT, "sh", folder], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#ended = new Promise((resolve) => {
      this.#process.once("close", () => resolve());
    });
    this.#process.stdin?.on("error", () => undefined);
    this.#process.unref();
  }

  started(pid: number): void {
    this.#process.stdin?.write(`started ${pid}\n`);
  }

  /** From here on the number may be another process's. */
  ended(pid: number): void {
    this.#process.stdin?.write(`ended ${pid}\n`);
  }

  /** Ends what is left and removes the folder; resolves when that is done. */
  async release(): Promise<void> {
    // Nothing else may keep the process of the test alive until then.
    this.#process.ref();
    this.#process.stdin?.end();
    await this.#ended;
  }
}

import { type ChildProcess, spawn } from "node:child_process";

/** How long a program may take to end by itself before it is killed. */
const END_MAX_MS = 5_000;

const OUTPUT_KEPT = 4_000;

/**
 * A program in a process of its own, which says over its channel when it is ready: a silo, or the
 * HTTP server.
 *
 * Ctrl-C on the terminal does not reach it, so that its starter can stop it in order; if the
 * starter dies it ends by itself.
 */
export class ChildProgram {
  readonly name: string;
  /** The address that it has said. Rejects if the process ends before it is ready. */
  readonly ready: Promise<string>;
  readonly exited: Promise<number | null>;
  readonly #process: ChildProcess;
  #output = "";

  /** `folder` is where it runs, `args` are those of Node.js. */
  constructor(name: string, folder: string, args: readonly string[]) {
    this.name = name;
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([variable]) => !variable.startsWith("TROUPE_")),
    );
    this.#process = spawn(process.execPath, args, {
      cwd: folder,
      env,
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#output = (this.#output + text).slice(-OUTPUT_KEPT);
    });
    this.exited = new Promise((resolve) => {
      this.#process.once("close", (code) => resolve(code));
      this.#process.once("error", (error) => {
        this.#output += error.message;
        resolve(null);
      });
    });
    const address = new Promise<string>((resolve) => {
      this.#process.on("message", (message: unknown) => {
        if (typeof message === "object" && message !== null && "address" in message)
          resolve(String(message.address));
      });
    });
    const failed = this.exited.then(() =>
      Promise.reject(new Error(`${name} ended before it was ready:\n${this.#output}`)),
    );
    this.ready = Promise.race([address, failed]);
    // Whoever waits for it hears of it; nobody else has to.
    this.ready.catch(() => undefined);
    failed.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The last of what it has logged. */
  get output(): string {
    return this.#output;
  }

  /** SIGKILL: it has no chance to do anything more. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** SIGTERM: it ends in order. Gives its exit code. */
  async stop(): Promise<number | null> {
    this.#process.kill("SIGTERM");
    const impatient = AbortSignal.timeout(END_MAX_MS);
    const kill = (): void => this.kill();
    impatient.addEventListener("abort", kill);
    const code = await this.exited;
    impatient.removeEventListener("abort", kill);
    return code;
  }
}

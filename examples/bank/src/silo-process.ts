import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The command of the installed package. */
export const TROUPE_COMMAND = fileURLToPath(
  new URL("../bin/troupe.js", import.meta.resolve("troupe")),
);

/** The module with the actors; the same place from src and from dist. */
export const ACTORS = fileURLToPath(new URL("../src/account.ts", import.meta.url));

/** How long a silo may take to drain before it is killed. */
const DRAIN_MAX_MS = 3_000;

/** Where the silos of a cluster find each other and keep what they know. */
export interface ClusterPlace {
  readonly cluster: string;
  readonly membership: string;
  readonly storage: string;
}

/**
 * One silo, in a process of its own: `troupe silo`.
 *
 * Ctrl-C on the terminal does not reach it, so that its starter can stop it in order; if the
 * starter dies it ends by itself.
 */
export class SiloProcess {
  readonly name: string;
  /** `host:port`. Rejects if the process ends before it is ready. */
  readonly ready: Promise<string>;
  readonly exited: Promise<void>;
  readonly #process: ChildProcess;
  #output = "";

  /** `folder` is where the process runs. */
  constructor(name: string, folder: string, place: ClusterPlace) {
    this.name = name;
    const options = Object.entries({
      ...place,
      listen: "127.0.0.1:0",
      "log-level": "warn",
      "log-format": "json",
    });
    const args = [
      TROUPE_COMMAND,
      "silo",
      ACTORS,
      ...options.flatMap(([option, value]) => [`--${option}`, value]),
    ];
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
      this.#output = (this.#output + text).slice(-4_000);
    });
    this.exited = new Promise((resolve) => {
      this.#process.once("close", () => resolve());
      this.#process.once("error", (error) => {
        this.#output += error.message;
        resolve();
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

  /** SIGTERM: it moves its actors away and leaves. Resolves when the process has ended. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    const impatient = AbortSignal.timeout(DRAIN_MAX_MS);
    const kill = (): void => this.kill();
    impatient.addEventListener("abort", kill);
    await this.exited;
    impatient.removeEventListener("abort", kill);
  }
}

import { realpathSync } from "node:fs";
import { messageOf, withTimeout, type Clock, type Logger } from "@troupe/core";
import { open, type RootDatabase } from "lmdb";
import { FolderPresence } from "./folder-presence.ts";
import { checkEnvironment } from "./environment-check.ts";

/** lmdb's own handle of one environment. */
export type Root = RootDatabase<Buffer, Buffer>;

interface OpenEnvironment {
  readonly root: Root;
  readonly presence: FolderPresence;
  uses: number;
}

/**
 * The environments that this process has open. lmdb's file locks belong to the process, and closing
 * one handle of two would drop the locks of both: so a process opens an environment once, whoever
 * asks.
 */
const openEnvironments = new Map<string, OpenEnvironment>();

/** Environments that are being closed: one must be closed before it is opened again. */
const closing = new Map<string, Promise<void>>();

/** How long closing waits for writes that another process blocks. */
const CLOSE_TIMEOUT_MS = 5_000;

export interface EnvironmentOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * False leaves it to the system when bytes reach the disk: for what needs not survive a crash of
   * the machine.
   */
  readonly durable: boolean;
}

/**
 * A share of an lmdb environment. Every write of it that was confirmed survives a crash of any
 * process, and of the machine if it is durable.
 */
export class Environment implements AsyncDisposable {
  readonly root: Root;
  /** Tells whether the files are still where they were opened. */
  readonly presence: FolderPresence;
  readonly #path: string;
  readonly #options: EnvironmentOptions;
  #closed = false;

  private constructor(path: string, opened: OpenEnvironment, options: EnvironmentOptions) {
    this.#path = path;
    this.root = opened.root;
    this.presence = opened.presence;
    this.#options = options;
  }

  /**
   * Opens the environment in `folder`, which must be there. Throws what the system says if it
   * cannot be opened.
   */
  static async open(folder: string, options: EnvironmentOptions): Promise<Environment> {
    const path = realpathSync(folder);
    while (closing.has(path)) await closing.get(path);
    let environment = openEnvironments.get(path);
    if (environment === undefined) {
      checkEnvironment(path);
      const root = openRoot(path, options.durable);
      environment = { root, presence: new FolderPresence(path, options.clock), uses: 0 };
      openEnvironments.set(path, environment);
    }
    environment.uses++;
    return new Environment(path, environment, options);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Waits for the writes under way and closes. A write that is blocked is not waited for longer
   * than some seconds.
   */
  async close(): Promise<void> {
    if (this.#closed) return closing.get(this.#path);
    this.#closed = true;
    const environment = openEnvironments.get(this.#path);
    if (environment === undefined || --environment.uses > 0) return;
    openEnvironments.delete(this.#path);
    const closed = this.#closeRoot().finally(() => closing.delete(this.#path));
    closing.set(this.#path, closed);
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeRoot(): Promise<void> {
    const { clock, logger } = this.#options;
    const outcome = this.root.close().then(() => undefined, messageOf);
    const failure = await withTimeout(clock, CLOSE_TIMEOUT_MS, outcome, () => "a write is blocked");
    if (failure !== undefined)
      logger.warn({ folder: this.#path, reason: failure }, "the folder was not closed cleanly");
  }
}

function openRoot(path: string, durable: boolean): Root {
  return open<Buffer, Buffer>({
    path,
    noSubdir: false,
    encoding: "binary",
    keyEncoding: "binary",
    // With lmdb's default a process that is killed while it writes can leave others in a panic.
    overlappingSync: false,
    noSync: !durable,
    // With lmdb's default a failed commit rejects a promise that nobody can reach, which ends the
    // process.
    eventTurnBatching: false,
  });
}

import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import type { Clock, Scheduled } from "@troupe/core";

/**
 * An editor or a compiler writes several files at once; what comes within this time of each other
 * is one change.
 */
const SETTLE_MS = 250;

export interface FolderWatchOptions {
  readonly clock: Clock;
  readonly folder: string;
  /** Folders whose files change while silos run. */
  readonly ignored: readonly string[];
  /** Calls never overlap: what changes meanwhile is one more call afterwards. */
  readonly onChange: () => Promise<void>;
}

/**
 * Calls back after files of a folder changed and then were left alone for a moment. Dot folders and
 * node_modules do not count.
 */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #watcher: FSWatcher;
  #settling: Scheduled | undefined;
  #state: "idle" | "calling" | "calling, and changed again" | "closed" = "idle";

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#watcher = watch(options.folder, { recursive: true }, (_, name) => {
      if (name !== null && isSource(options.folder, name, options.ignored)) this.#changed();
    });
  }

  /** No call begins after this. */
  close(): void {
    this.#state = "closed";
    this.#settling?.cancel();
    this.#watcher.close();
  }

  #changed(): void {
    this.#settling?.cancel();
    this.#settling = this.#options.clock.schedule(SETTLE_MS, () => void this.#call());
  }

  async #call(): Promise<void> {
    switch (this.#state) {
      case "idle":
        this.#state = "calling";
        await this.#options.onChange();
        await this.#afterCall();
        return;
      case "calling":
        this.#state = "calling, and changed again";
        return;
      case "calling, and changed again":
      case "closed":
        return;
    }
  }

  async #afterCall(): Promise<void> {
    if (this.#state === "closed") return;
    const again = this.#state === "calling, and changed again";
    this.#state = "idle";
    if (again) await this.#call();
  }
}

/** True if a change of the file may change what a silo runs. */
export function isSource(folder: string, name: string, ignored: readonly string[]): boolean {
  const path = join(folder, name);
  const parts = name.split(/[/\\]/);
  if (parts.some((part) => part === "node_modules" || part.startsWith(".") || part.endsWith("~")))
    return false;
  if (ignored.some((other) => path === other || path.startsWith(join(other, "/")))) return false;
  return /\.(?:[cm]?[jt]s|json)$/.test(name);
}

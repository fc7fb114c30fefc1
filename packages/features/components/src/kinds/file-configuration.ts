import { type FSWatcher, statSync, watch } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  type Clock,
  componentType,
  type ConfigurationItem,
  type ConfigurationListener,
  type ConfigurationStore,
  type ConfigurationWatch,
  messageOf,
  type Scheduled,
  TroupeError,
} from "@troupe/core";
import { textsInFolder } from "./mounted-folder.ts";
import { jsonObject, nestedTexts } from "./nested-texts.ts";

/** Milliseconds. Looking more often would only heat the machine. */
const POLL_MIN_MS = 100;

/** Where settings are, and how often files are looked at. */
export interface FileConfigurationOptions {
  /** A folder with a file for each key, or a JSON file. */
  readonly path: string;
  /** Between the names of nested objects in a JSON file. */
  readonly separator: string;
  /** Milliseconds. */
  readonly pollMs: number;
  readonly clock: Clock;
}

/**
 * Settings in files.
 *
 * It watches the folder and not a file, because Kubernetes swaps the files of a mount by a link in
 * the folder, and a watch on a file is silent after that.
 */
export class FileConfiguration implements ConfigurationStore {
  readonly capabilities = { watch: true };
  readonly #options: FileConfigurationOptions;

  constructor(options: FileConfigurationOptions) {
    this.#options = options;
  }

  async get(keys: readonly string[]): Promise<ReadonlyMap<string, ConfigurationItem>> {
    const texts = await this.#texts();
    const items = Array.from(texts, ([key, value]) => [key, { value, version: "" }] as const);
    return new Map(items.filter(([key]) => keys.length === 0 || keys.includes(key)));
  }

  async watch(_: readonly string[], listener: ConfigurationListener): Promise<ConfigurationWatch> {
    const { path, clock, pollMs } = this.#options;
    const isFolder = (await readable(path, () => stat(path))).isDirectory();
    const folder = isFolder ? path : dirname(path);
    return await readable(folder, async () => new FolderWatch({ folder, clock, pollMs, listener }));
  }

  async close(): Promise<void> {
    // Whoever opened a watch closes it.
  }

  #texts(): Promise<ReadonlyMap<string, string>> {
    const { path, separator } = this.#options;
    return readable(path, async () => {
      if ((await stat(path)).isDirectory()) return await textsInFolder(path);
      return nestedTexts(jsonObject(await readFile(path, "utf8"), path), separator);
    });
  }
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof TroupeError) throw error;
    throw new TroupeError("COMPONENT_UNAVAILABLE", `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

interface FolderWatchOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly pollMs: number;
  readonly listener: ConfigurationListener;
}

/**
 * Says when something in a folder may have changed: after each word of the system, and every few
 * seconds besides, because some file systems say nothing. It breaks when another folder is in the
 * place of the one that it watches.
 */
class FolderWatch implements ConfigurationWatch {
  readonly #options: FolderWatchOptions;
  readonly #identity: string;
  readonly #watcher: FSWatcher;
  #poll: Scheduled | undefined;
  #isOver = false;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    // Before the watch, so that a folder that comes in between is another one.
    this.#identity = identityOf(options.folder);
    this.#watcher = watch(options.folder, () => this.#look());
    this.#watcher.on("error", (error) => this.#break(error));
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#poll?.cancel();
    this.#watcher.close();
  }

  #look(): void {
    if (this.#isOver) return;
    try {
      const isSame = identityOf(this.#options.folder) === this.#identity;
      if (isSame) this.#options.listener.onChange();
      else this.#break(new Error(`another folder is in the place of ${this.#options.folder}`));
    } catch (error) {
      this.#break(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  #break(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#poll?.cancel();
    this.#watcher.close();
    this.#options.listener.onBroken(error);
  }

  #schedule(): void {
    const { clock, pollMs } = this.#options;
    this.#poll = clock.schedule(pollMs, () => {
      this.#look();
      if (!this.#isOver) this.#schedule();
    });
  }
}

function identityOf(folder: string): string {
  const { dev, ino, birthtimeMs } = statSync(folder);
  // The number of a folder that was removed may be given to the next one at once.
  return `${dev} ${ino} ${birthtimeMs}`;
}

/** `configuration.file`. */
export const fileConfigurationType = componentType({
  type: "configuration.file",
  block: "configuration",
  summary: "Settings in files: a folder with a file for each key, or a JSON file.",
  notes:
    "A mount of a ConfigMap is such a folder. Names that begin with a dot do not count. Texts are taken as they are, with the end of the last line. In a JSON file the key of a nested value has the names on the way to it. Changes are seen at once where the file system says so, and otherwise after `pollInterval`.",
  metadata: {
    path: { kind: "text", required: true, doc: "The folder or the file." },
    nestedSeparator: {
      kind: "text",
      default: ":",
      doc: "Stands between the names of nested objects in a JSON file.",
    },
    pollInterval: {
      kind: "duration",
      default: "10s",
      doc: "How often files are looked at besides.",
    },
  },
  open: async ({ path, nestedSeparator, pollInterval }, { clock, folder }) => {
    const store = new FileConfiguration({
      path: resolve(folder, path),
      separator: nestedSeparator,
      pollMs: Math.max(pollInterval, POLL_MIN_MS),
      clock,
    });
    await store.get([]);
    return store;
  },
});

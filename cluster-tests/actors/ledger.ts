import { Actor, actor, readonly, state } from "troupe";
import { existsSync, watch } from "node:fs";
import { dirname } from "node:path";
import { note } from "./journal.ts";

/** Keeps the numbers of the operations that it was given, in the order in which they ran. */
@actor("Ledger")
export class Ledger extends Actor {
  @state() accessor operations: number[] = [];

  async record(operation: number): Promise<void> {
    note("record", this.id, operation);
    this.operations.push(operation);
  }

  /** The same, in a turn that lasts until the file is there. */
  async recordAfter(operation: number, file: string): Promise<void> {
    note("begin", this.id, operation);
    await fileIsThere(file);
    this.operations.push(operation);
  }

  @readonly()
  async read(): Promise<readonly number[]> {
    return this.operations;
  }

  /** The process that it lives in. */
  @readonly()
  async where(): Promise<number> {
    return process.pid;
  }
}

function fileIsThere(file: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(dirname(file), () => look());
    const look = (): void => {
      if (!existsSync(file)) return;
      watcher.close();
      resolve();
    };
    look();
  });
}

import { systemClock } from "@troupe/core";
import { Actor, actor, readonly, state, timer, type TimerTick } from "troupe";
import { existsSync, watch } from "node:fs";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { note } from "./journal.ts";

/** Keeps the numbers of the operations that it was given, in the order in which they ran. */
@actor("Ledger")
export class Ledger extends Actor {
  @state() accessor operations: number[] = [];

  /**
   * Lasts a moment, in which no other turn of this actor may begin anywhere: both ends are noted,
   * with the token of the activation.
   */
  async record(operation: number): Promise<void> {
    const { fence } = this.context;
    note("record", this.id, operation, fence);
    await setImmediate();
    this.operations.push(operation);
    note("end", this.id, operation, fence);
  }

  /** The same, in a turn that leaves its process no time for anything else for that long. */
  async recordSpinning(operation: number, lastsMs: number): Promise<void> {
    const { fence } = this.context;
    note("record", this.id, operation, fence);
    const end = systemClock.monotonic() + lastsMs;
    while (systemClock.monotonic() < end);
    this.operations.push(operation);
    note("end", this.id, operation, fence);
  }

  /** The same, in a turn that lasts until the file is there. */
  async recordAfter(operation: number, file: string): Promise<void> {
    note("begin", this.id, operation);
    await fileIsThere(file);
    this.operations.push(operation);
  }

  /**
   * From now on it also has a turn of its own every few moments, for as long as it stays in memory
   * and wherever nobody calls it any more.
   */
  async pulse(): Promise<void> {
    await this.timers.set("pulse", { every: "100ms", volatile: true });
  }

  @timer("pulse")
  async onPulse({ count }: TimerTick<undefined>): Promise<void> {
    const { fence } = this.context;
    note("pulse", this.id, count, fence);
    await setImmediate();
    note("end", this.id, count, fence);
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

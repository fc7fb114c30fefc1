import { TroupeError } from "@troupe/core";
import type { CallTable } from "./call-table.ts";

/** What the code of a run does with an event, or answers to a request. */
export type EventHandler = (data: unknown) => unknown;

/** The handlers of one run. They stay for as long as the run lives. */
export class HandlerTable {
  readonly #byNumber = new Map<number, EventHandler>();
  readonly #names = new Set<string>();

  get size(): number {
    return this.#names.size;
  }

  /** Gives the command that makes the handler. Throws if the events go elsewhere already. */
  add(name: string, handler: EventHandler, table: CallTable): void {
    this.check(name, "takes a second handler");
    if (table.isAwaited(name))
      throw misuse(name, "is waited for by ctx.event, and takes no handler");
    this.#names.add(name);
    this.#byNumber.set(table.give({ kind: "on", name }), handler);
  }

  /** Throws if there is a handler for events of this name. */
  check(name: string, what: string): void {
    if (this.#names.has(name)) throw misuse(name, `has a handler, and ${what}`);
  }

  of(number: number): EventHandler | undefined {
    return this.#byNumber.get(number);
  }
}

function misuse(name: string, what: string): TroupeError {
  const message = `the event ${JSON.stringify(name)} ${what}; use ctx.on once, or ctx.event, not both`;
  return new TroupeError("CONTEXT_MISUSE", message);
}

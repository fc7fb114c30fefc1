import type { ActorAddress, Principal } from "@troupe/core";

/** A call on its way, as a filter sees it. */
export interface FilteredCall {
  /** Of the actor that is called. */
  readonly type: string;
  readonly id: string;
  readonly method: string;
  /**
   * What travels with the call: its own headers, and the trace context and baggage that the turn
   * passes on. A filter of outgoing calls may change them, before `next()`, and take some out; for
   * incoming calls they are frozen.
   */
  readonly headers: Record<string, string>;
  /** The actor whose turn makes the call, if one does. */
  readonly caller: ActorAddress | undefined;
  /** Who is at the other end of the link over which the call came. Incoming calls only. */
  readonly principal: Principal | undefined;
  /** When the caller stops to wait, in milliseconds since the Unix epoch. */
  readonly deadline: number;
  /** The arguments. They are decoded when they are first read. */
  readonly args: readonly unknown[];
}

/**
 * Sees each call to an actor's method on its way, and may answer it, refuse it, or do something
 * before and after.
 *
 * `next` hands the call on and resolves with its result; it may be called once. What the filter
 * returns is the result, and what it throws is the error of the call. A filter that answers without
 * `next` keeps the method from running.
 *
 * Filters of incoming calls run in the turn, so they keep the order of calls. Durable sends pass
 * them where they arrive. Ticks of reminders and timers, and hooks, are no calls.
 *
 * @example
 * ```ts
 * const timed: CallFilter = async (call, next) => {
 *   const began = performance.now();
 *   try {
 *     return await next();
 *   } finally {
 *     record(`${call.type}.${call.method}`, performance.now() - began);
 *   }
 * };
 * await using silo = await startSilo({ actors: [Account], filters: { incoming: [timed] } });
 * ```
 */
export type CallFilter = (call: FilteredCall, next: () => Promise<unknown>) => Promise<unknown>;

/** The filters of a silo or a client, from the outermost to the innermost. */
export interface CallFilters {
  /** Of calls that this silo's actors serve. */
  readonly incoming?: readonly CallFilter[];
  /** Of calls that this process makes: its actors, and the program through references. */
  readonly outgoing?: readonly CallFilter[];
}

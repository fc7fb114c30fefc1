import type { RequestEnvelope } from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutboundCall } from "./outbound-call.ts";
import { WaitingCalls } from "./waiting-calls.ts";

function callOf(callId: number, id = "alice"): OutboundCall {
  const request: RequestEnvelope = {
    kind: "request",
    callId,
    type: "Account",
    id,
    method: "read",
    args: { value: [], revive: false, size: 0 },
    deadline: 1_000,
    revision: 1,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    stream: undefined,
  };
  return new OutboundCall({ key: `Account/${id}`, route: undefined }, request);
}

/** Offers everything once; gives the numbers of the calls that were offered. */
function offered(waiting: WaitingCalls, take: (callId: number) => boolean = () => true): number[] {
  const calls: number[] = [];
  waiting.retry((call) => {
    calls.push(call.request.callId);
    return take(call.request.callId);
  });
  return calls;
}

describe("waiting calls", () => {
  it("are offered in the order in which they were made, however they came", () => {
    const waiting = new WaitingCalls();
    for (const callId of [3, 1, 2]) waiting.add(callOf(callId));
    expect(offered(waiting)).toEqual([1, 2, 3]);
    expect(waiting.isEmpty).toBe(true);
  });

  it("stop at the first that is not taken, for its actor only", () => {
    const waiting = new WaitingCalls();
    for (const callId of [1, 2, 3]) waiting.add(callOf(callId, "alice"));
    for (const callId of [4, 5]) waiting.add(callOf(callId, "bob"));
    expect(offered(waiting, (callId) => callId !== 2)).toEqual([1, 2, 4, 5]);
    expect(waiting.has("Account/alice")).toBe(true);
    expect(waiting.has("Account/bob")).toBe(false);
    expect(offered(waiting)).toEqual([2, 3]);
  });

  it("wait behind a call that is with a former owner until it has ended", () => {
    const waiting = new WaitingCalls();
    const ahead = [callOf(1), callOf(2)];
    for (const call of ahead) waiting.holdBehind(call);
    waiting.add(callOf(3));
    expect(offered(waiting)).toEqual([]);
    expect(waiting.release(callOf(1))).toBe(false);
    expect(offered(waiting)).toEqual([]);
    expect(waiting.release(callOf(2))).toBe(true);
    expect(offered(waiting)).toEqual([3]);
  });

  it("let a refused call back in front of those that waited behind it", () => {
    const waiting = new WaitingCalls();
    const refused = callOf(1);
    waiting.holdBehind(refused);
    waiting.add(callOf(2));
    expect(waiting.release(refused)).toBe(true);
    waiting.add(refused);
    expect(offered(waiting)).toEqual([1, 2]);
  });

  it("forget an actor once nothing waits for it and nothing is ahead", () => {
    const waiting = new WaitingCalls();
    const call = callOf(1);
    waiting.holdBehind(call);
    expect(waiting.has("Account/alice")).toBe(true);
    waiting.release(call);
    offered(waiting);
    expect(waiting.isEmpty).toBe(true);
  });

  it("are not offered twice in one go when they come back at once", () => {
    const waiting = new WaitingCalls();
    const calls = [callOf(1), callOf(2)];
    for (const call of calls) waiting.add(call);
    let offers = 0;
    waiting.retry((call) => {
      offers++;
      // As when the local silo refuses a call while it is being handed over.
      waiting.add(call);
      return true;
    });
    expect(offers).toBe(1);
    expect(offered(waiting)).toEqual([1, 2]);
  });

  it("keep the order of each actor's calls whatever is added, taken, held, released and removed", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("call" as const), id: fc.constantFrom("a", "b") }),
      fc.record({ kind: fc.constant("retry" as const), taken: fc.integer({ min: 0, max: 5 }) }),
      fc.record({
        kind: fc.constantFrom(
          "hold" as const,
          "finish" as const,
          "refuse" as const,
          "remove" as const,
        ),
        pick: fc.nat(),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const model = new Model();
        for (const one of steps) model.apply(one);
        model.finishAll();
        expect(model.waiting.isEmpty).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

type Step =
  | { readonly kind: "call"; readonly id: string }
  | { readonly kind: "retry"; readonly taken: number }
  | { readonly kind: "hold" | "finish" | "refuse" | "remove"; readonly pick: number };

/** What a router does with waiting calls, and what must hold of it. */
class Model {
  readonly waiting = new WaitingCalls();
  readonly #queued = new Map<number, OutboundCall>();
  readonly #sent = new Map<number, OutboundCall>();
  /** Sent calls that later ones must not overtake. */
  readonly #held = new Set<number>();
  #nextCallId = 1;

  apply(step: Step): void {
    switch (step.kind) {
      case "call": {
        const call = callOf(this.#nextCallId++, step.id);
        this.#queued.set(call.request.callId, call);
        this.waiting.add(call);
        return;
      }
      case "retry":
        this.#retry(step.taken);
        return;
      case "hold": {
        const call = pickOf(this.#sent, step.pick);
        if (call === undefined) return;
        this.#held.add(call.request.callId);
        this.waiting.holdBehind(call);
        return;
      }
      case "finish": {
        const call = pickOf(this.#sent, step.pick);
        if (call !== undefined) this.#release(call);
        return;
      }
      case "refuse": {
        const call = pickOf(this.#sent, step.pick);
        if (call === undefined) return;
        this.#release(call);
        this.#queued.set(call.request.callId, call);
        this.waiting.add(call);
        return;
      }
      case "remove": {
        const call = pickOf(this.#queued, step.pick);
        if (call === undefined) return;
        this.#queued.delete(call.request.callId);
        this.waiting.remove(call);
        return;
      }
    }
  }

  finishAll(): void {
    for (const call of Array.from(this.#sent.values())) this.#release(call);
    this.#retry(Number.POSITIVE_INFINITY);
    expect(this.#queued.size).toBe(0);
  }

  #release(call: OutboundCall): void {
    const { callId } = call.request;
    this.#sent.delete(callId);
    const wasHeld = this.#held.delete(callId);
    const othersHeld = [...this.#held].some((other) => this.#sent.get(other)?.key === call.key);
    expect(this.waiting.release(call)).toBe(wasHeld && !othersHeld);
  }

  #retry(most: number): void {
    let left = most;
    this.waiting.retry((call) => {
      const { callId } = call.request;
      const earlier = [...this.#queued.values()].filter(
        (other) => other.key === call.key && other.request.callId < callId,
      );
      expect(earlier).toEqual([]);
      expect([...this.#held].some((other) => this.#sent.get(other)?.key === call.key)).toBe(false);
      if (left-- <= 0) return false;
      this.#queued.delete(callId);
      this.#sent.set(callId, call);
      return true;
    });
  }
}

function pickOf(calls: ReadonlyMap<number, OutboundCall>, pick: number): OutboundCall | undefined {
  return calls.size === 0 ? undefined : [...calls.values()][pick % calls.size];
}

import { type ReplySink, SILO_TYPE } from "@troupe/client";
import {
  type Clock,
  type Logger,
  type Principal,
  type RequestEnvelope,
  silentLogger,
} from "@troupe/core";
import { describe, expect, it } from "vitest";
import { AdmissionQueue } from "./admission-queue.ts";
import { CallBudget } from "../activation/call-budget.ts";

const MIB = 1024 * 1024;

/**
 * A process in which time passes only by what it does: a request takes `costMs` of it, and each
 * turn of its event loop reads what has come since the last one.
 */
class BusyProcess {
  now = 0;
  costMs: number;
  /** When each request was begun. */
  readonly begun = new Map<number, number>();
  /** When each request was refused. */
  readonly refused = new Map<number, number>();
  readonly cameAt = new Map<number, number>();
  readonly admission: AdmissionQueue;
  readonly sink: ReplySink;
  readonly budget = new CallBudget({ silo: 64 * MIB, link: 64 * MIB }, 0);
  readonly #turns: (() => void)[] = [];
  #nextCallId = 1;

  /** Of a silo whose cluster has not changed for a minute. */
  constructor({
    costMs,
    spend,
    logger = silentLogger,
  }: {
    costMs: number;
    spend?: (pass: () => void) => void;
    logger?: Logger;
  }) {
    this.costMs = costMs;
    const clock: Clock = {
      now: () => this.now,
      monotonic: () => this.now,
      schedule: () => expect.unreachable("nothing here waits for a time"),
    };
    this.admission = new AdmissionQueue({
      onEmpty: () => undefined,
      siloId: "s1",
      clock,
      logger,
      budget: this.budget,
      nextTurn: (callback) => this.#turns.push(callback),
      begin: ({ callId }) => {
        this.begun.set(callId, this.now);
        const pass = (): void => void (this.now += this.costMs);
        if (spend === undefined) pass();
        else spend(pass);
      },
    });
    this.now += 60_000;
    this.sink = {
      peerId: "c1",
      principal: { role: "client", name: "c1" },
      reply: (callId, outcome) => {
        expect(outcome).toMatchObject({
          payload: { value: { facts: { fields: { code: "OVERLOADED", ran: "no" } } } },
        });
        this.refused.set(callId, this.now);
      },
    };
  }

  /** Reads `count` requests, which come just now. */
  read(
    count: number,
    request: Partial<RequestEnvelope> = {},
    role: Principal["role"] = "client",
  ): number[] {
    const sink = role === "client" ? this.sink : { ...this.sink, principal: { role, name: "c1" } };
    const callIds = Array.from({ length: count }, () => this.#nextCallId++);
    for (const callId of callIds) {
      this.cameAt.set(callId, this.now);
      this.admission.take({ ...REQUEST, ...request, callId }, sink);
    }
    return callIds;
  }

  /** Lets the event loop turn once. */
  async turn(): Promise<void> {
    for (const callback of this.#turns.splice(0)) callback();
    await microtasks();
  }

  async untilEmpty(): Promise<void> {
    while (!this.admission.isEmpty) await this.turn();
  }

  /** Requests come one each `everyMs` for so long, whatever becomes of them. */
  async load({ everyMs, forMs }: { everyMs: number; forMs: number }): Promise<void> {
    const start = this.now;
    for (let made = 0; made * everyMs < forMs; await this.turn()) {
      // Nothing to do, so time goes on to the next.
      if (this.admission.isEmpty) this.now = Math.max(this.now, start + made * everyMs);
      for (; start + made * everyMs <= this.now && made * everyMs < forMs; made++) {
        const [callId = 0] = this.read(1);
        this.cameAt.set(callId, start + made * everyMs);
      }
    }
    await this.untilEmpty();
  }

  /**
   * The longest of those that waited from coming until the end in `ends`, but for the given share.
   */
  waited(ends: ReadonlyMap<number, number>, share: number): number {
    const waits = [...ends]
      .map(([callId, at]) => at - (this.cameAt.get(callId) ?? Number.NaN))
      .toSorted((a, b) => a - b);
    return waits[Math.floor(waits.length * share)] ?? Number.NaN;
  }
}

const REQUEST: RequestEnvelope = {
  kind: "request",
  callId: 0,
  type: "Account",
  id: "alice",
  method: "read",
  args: { value: [], revive: false, size: 100 },
  deadline: 10_000_000,
  revision: 1,
  chain: [],
  oneWay: false,
  headers: undefined,
  idempotencyKey: undefined,
  delivery: undefined,
  stream: undefined,
};

function microtasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

describe("admission", () => {
  it("are begun at once while there is time", () => {
    const process = new BusyProcess({ costMs: 0.01 });
    process.read(100);
    expect([...process.begun.keys()]).toEqual(upTo(100));
    expect(process.admission.isEmpty).toBe(true);
  });

  it("keep one turn of the event loop busy for little longer than 5 ms, and go on in order in the next one", async () => {
    const process = new BusyProcess({ costMs: 1 });
    process.read(100);
    expect(process.begun.size).toBeLessThan(15);
    await process.turn();
    process.read(10);
    const begun = process.begun.size;
    await process.turn();
    expect(process.begun.size - begun).toBeLessThanOrEqual(6);
    await process.untilEmpty();
    expect([...process.begun.keys()]).toEqual(upTo(110));
  });

  it("get as much time as everything else in the process", async () => {
    const process = new BusyProcess({ costMs: 1 });
    process.read(200);
    await process.turn();
    for (const [elseMs, atLeast] of [
      [20, 20],
      [40, 40],
      [1_000, 50],
    ] as const) {
      const begun = process.begun.size;
      process.now += elseMs;
      await process.turn();
      expect(process.begun.size - begun).toBeGreaterThanOrEqual(atLeast);
      expect(process.begun.size - begun).toBeLessThanOrEqual(atLeast + 1);
    }
  });

  it("count what a turn does in its first microtasks as its time", async () => {
    const process = new BusyProcess({ costMs: 1, spend: (pass) => queueMicrotask(pass) });
    process.read(100);
    await microtasks();
    process.read(100);
    const begun = process.begun.size;
    expect(begun).toBeLessThan(120);
    await process.turn();
    expect(process.begun.size - begun).toBeLessThanOrEqual(7);
    await process.untilEmpty();
    expect([...process.begun.keys()]).toEqual(upTo(200));
  });

  it("are all served if they come as a burst, however long that takes", async () => {
    const process = new BusyProcess({ costMs: 1 });
    process.read(5_000);
    await process.load({ everyMs: 2, forMs: 5_000 });
    expect(process.refused.size).toBe(0);
    expect(process.begun.size).toBe(7_500);
  });

  it("are all served while they can be, also those that came while the process stood still", async () => {
    const process = new BusyProcess({ costMs: 0.8 });
    await process.load({ everyMs: 1, forMs: 1_000 });
    process.now += 300;
    process.read(300);
    await process.load({ everyMs: 1.3, forMs: 1_000 });
    expect(process.refused.size).toBe(0);
  });

  it("are all served while they can be, though other processes take the processor away five times in a row", async () => {
    const process = new BusyProcess({
      costMs: 0.01,
      spend: (pass) => {
        pass();
        if (
          process.begun.size > 2_000 &&
          process.begun.size <= 2_100 &&
          process.begun.size % 20 === 0
        )
          process.now += 60;
      },
    });
    await process.load({ everyMs: 0.2, forMs: 2_000 });
    expect(process.refused.size).toBe(0);
  });

  it("at three times what can be served are refused in part and at once, so that the others do not wait", async () => {
    const process = new BusyProcess({ costMs: 0.2 });
    await process.load({ everyMs: 0.2 / 3, forMs: 4_000 });
    expect(process.refused.size / process.cameAt.size).toBeCloseTo(2 / 3, 1);
    expect(process.waited(process.refused, 0.99)).toBeLessThan(10);
    expect(process.waited(process.begun, 0.9)).toBeLessThan(40);
    expect(process.waited(process.begun, 1 - 1 / process.begun.size)).toBeLessThan(150);
  });

  it("may be 64 that wait, however long the turns are", async () => {
    const process = new BusyProcess({ costMs: 20 });
    await process.load({ everyMs: 20 / 3, forMs: 60_000 });
    expect(process.refused.size).toBeGreaterThan(3_000);
    expect(process.waited(process.begun, 0.5)).toBeGreaterThan(60 * 20);
    expect(process.waited(process.begun, 0.98)).toBeLessThan(70 * 20);
  });

  it("are refused no more once none has had to wait", async () => {
    const process = new BusyProcess({ costMs: 1 });
    await process.load({ everyMs: 0.3, forMs: 1_000 });
    const refused = process.refused.size;
    expect(refused).toBeGreaterThan(100);
    process.read(500);
    await process.load({ everyMs: 1.1, forMs: 3_000 });
    expect(process.refused.size).toBe(refused);
  });

  it("are not refused when the process wakes that stood still for a minute while some waited", async () => {
    const process = new BusyProcess({ costMs: 1 });
    process.read(90);
    await process.turn();
    process.now += 60_000;
    await process.turn();
    process.read(90);
    await process.untilEmpty();
    expect(process.refused.size).toBe(0);
    expect(process.begun.size).toBe(180);
  });

  it("are not refused if a turn waits for them or they are the cluster's own, and questions of operators to the silo wait for nothing", async () => {
    const process = new BusyProcess({ costMs: 1 });
    for (let count = 0; count < 60; count++) {
      process.read(20);
      await process.turn();
    }
    const plain = process.read(20).at(-1) ?? 0;
    expect(process.refused.has(plain)).toBe(true);
    const kept = [
      ...process.read(1, { chain: [{ type: "Account", id: "bob", turn: "s2/c1:1" }] }),
      ...process.read(1, { method: "$tick" }),
    ];
    const question = { type: SILO_TYPE, id: "s1", method: "snapshot" };
    const [asked = 0] = process.read(1, question, "operator");
    expect(process.begun.has(asked)).toBe(true);
    const [refused = 0] = process.read(1, question);
    expect(process.refused.has(refused)).toBe(true);
    await process.untilEmpty();
    for (const callId of kept) expect(process.begun.has(callId)).toBe(true);
  });

  it("either run or are refused, never both and never neither", async () => {
    const process = new BusyProcess({ costMs: 1 });
    await process.load({ everyMs: 0.3, forMs: 2_000 });
    for (const callId of process.cameAt.keys()) {
      expect(Number(process.begun.has(callId)) + Number(process.refused.has(callId))).toBe(1);
    }
  });

  it("are all served for ten seconds after a change of the cluster", async () => {
    const process = new BusyProcess({ costMs: 1 });
    process.admission.unsettle();
    await process.load({ everyMs: 0.6, forMs: 9_000 });
    expect(process.refused.size).toBe(0);
    await process.load({ everyMs: 0.6, forMs: 5_000 });
    expect(process.refused.size).toBeGreaterThan(0);
  });

  it("are passed over if their time is up before they can be begun", async () => {
    const process = new BusyProcess({ costMs: 1 });
    const inTime = process.read(30);
    process.read(30, { deadline: process.now + 15 });
    inTime.push(...process.read(1));
    await process.untilEmpty();
    expect([...process.begun.keys()]).toEqual(inTime);
    expect(process.refused.size).toBe(0);
  });

  it("do not run when they are cancelled while they wait, and others go on", async () => {
    const process = new BusyProcess({ costMs: 1 });
    process.read(30);
    expect(process.admission.cancel(1, process.sink)).toBe(false);
    expect(process.admission.cancel(25, { ...process.sink })).toBe(false);
    expect(process.admission.cancel(25, process.sink)).toBe(true);
    await process.untilEmpty();
    expect([...process.begun.keys()]).toEqual(upTo(30).filter((callId) => callId !== 25));
  });

  it("that wait are dropped when their caller is gone, but for one-way ones", async () => {
    const process = new BusyProcess({ costMs: 1 });
    process.read(30);
    process.read(1, { oneWay: true });
    process.admission.callerGone(process.sink);
    expect(process.budget.waiting).toBeLessThan(1_024);
    await process.untilEmpty();
    expect(process.begun.size).toBeLessThan(30);
    expect(process.begun.has(31)).toBe(true);
    expect(process.budget.waiting).toBe(0);
  });

  it("take no more than 100,000 that wait, and no more bytes than the budget has", async () => {
    const process = new BusyProcess({ costMs: 10 });
    process.read(100_020);
    expect(process.refused.size).toBeGreaterThan(0);
    expect(process.refused.size).toBeLessThan(20);
    const large = new BusyProcess({ costMs: 10 });
    large.read(40, { args: { ...REQUEST.args, size: 4 * MIB } });
    expect(large.begun.size + 15).toBe(40 - large.refused.size);
    large.admission.close();
    expect(large.admission.isEmpty).toBe(true);
    expect(large.budget.waiting).toBe(0);
  });

  it("that are refused leave one line in the log each ten seconds", async () => {
    let lines = 0;
    const logger: Logger = { ...silentLogger, warn: () => lines++ };
    const process = new BusyProcess({ costMs: 1, logger });
    await process.load({ everyMs: 0.6, forMs: 25_000 });
    expect(lines).toBe(3);
  });

  it("go on when beginning one of them throws", async () => {
    let thrown = 0;
    const process = new BusyProcess({
      costMs: 1,
      spend: (pass) => {
        pass();
        if (process.begun.size === 20 && thrown++ === 0) throw new Error("a fault of its own");
      },
    });
    process.read(40);
    await process.untilEmpty();
    expect(process.begun.size).toBe(40);
    expect(thrown).toBe(1);
  });
});

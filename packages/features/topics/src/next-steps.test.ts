import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Backlog, type BacklogEntry, type Route } from "./backlog.ts";
import {
  type DeliveryProgress,
  isDone,
  nextRetryAt,
  progressFrom,
  withAbsence,
  withDone,
  withFailure,
  withSent,
} from "./delivery-progress.ts";
import { nextSteps, type Step } from "./next-steps.ts";

const DELIVER: Route = { kind: "deliver", id: "a" };

function entry(seq: number, key?: string, route = DELIVER): BacklogEntry {
  const event = { id: String(seq), source: "/t", type: "t", at: 0, data: new Uint8Array(1) };
  return { seq, size: 1, event: key === undefined ? event : { ...event, key }, route, readAt: 0 };
}

const NONE = { seq: -1 };

const RULES = { concurrency: 10, attempts: 3, now: 0, bulk: undefined };

const failure = { reason: "no", now: 0, backoffMs: 100 };

function brief(steps: readonly Step[]): string[] {
  return steps.map((step) => {
    if (step.kind === "wait") return `wait ${step.until}`;
    const entries = step.kind === "send" ? step.entries : [step.entry];
    return `${step.kind} ${entries.map(({ seq }) => seq).join(" ")}`;
  });
}

describe("what a group does next", () => {
  it("hands on the first event of each key, and all that have none", () => {
    const entries = [entry(0, "a"), entry(1, "b"), entry(2, "a"), entry(3), entry(4)];
    expect(brief(nextSteps(entries, progressFrom(0), RULES))).toEqual([
      "send 0",
      "send 1",
      "send 3",
      "send 4",
    ]);
    const progress = withDone(withSent(progressFrom(0), 0), 0);
    expect(brief(nextSteps(entries, progress, RULES))).toContain("send 2");
  });

  it("holds back the key of an event that fails, and no other", () => {
    const entries = [entry(0, "a"), entry(1, "a"), entry(2, "b")];
    const progress = withFailure(progressFrom(0), 0, failure);
    expect(brief(nextSteps(entries, progress, RULES))).toEqual(["send 2"]);
    expect(brief(nextSteps(entries, progress, { ...RULES, now: 100 }))).toEqual([
      "send 0",
      "send 2",
    ]);
  });

  it("gives an event up after its attempts, and goes on with its key", () => {
    const entries = [entry(0, "a"), entry(1, "a")];
    let progress = progressFrom(0);
    for (const reason of ["one", "two", "three"])
      progress = withFailure(progress, 0, { ...failure, reason });
    expect(nextSteps(entries, progress, RULES)).toMatchObject([
      { kind: "bury", reasons: ["one", "two", "three"] },
      { kind: "send", id: "a" },
    ]);
  });

  it("does not count an event that nobody could take", () => {
    let progress = progressFrom(0);
    for (let times = 0; times < 20; times++) progress = withAbsence(progress, 0, 0);
    expect(progress.failing).toMatchObject([{ attempts: 0, retryAt: 15_000 }]);
    expect(brief(nextSteps([entry(0)], progress, { ...RULES, now: 15_000 }))).toEqual(["send 0"]);
  });

  it("passes over what is not for it or is too late, and buries what cannot be handed on", () => {
    const late = { ...entry(2), event: { ...entry(2).event, ttlMs: 50 } };
    const entries = [
      entry(0, "a", { kind: "skip" }),
      entry(1, "a", { kind: "bury", reason: "no id" }),
      late,
    ];
    const rules = { ...RULES, now: 50 };
    expect(brief(nextSteps(entries, progressFrom(0), rules))).toEqual([
      "skip 0",
      "bury 1",
      "skip 2",
    ]);
    expect(brief(nextSteps([late], progressFrom(0), RULES))).toEqual(["send 2"]);
  });

  it("doubles the pauses, up to five minutes", () => {
    let progress = progressFrom(0);
    const pauses: (number | undefined)[] = [];
    for (let times = 0; times < 13; times++) {
      progress = withFailure(progress, 0, failure);
      pauses.push(nextRetryAt(progress));
    }
    expect(pauses.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(pauses.at(-1)).toBe(300_000);
  });
});

const outcome = fc.constantFrom("done" as const, "failed" as const, "absent" as const);

it("handles each event once, in the order of its key, whatever fails", () => {
  const keys = fc.array(fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }), {
    maxLength: 40,
  });
  const picks = fc.infiniteStream(fc.record({ at: fc.nat(1_000), outcome }));
  fc.assert(
    fc.property(keys, picks, fc.integer({ min: 1, max: 5 }), (given, stream, concurrency) => {
      const backlog = new Backlog();
      const entries = given.map((key, seq) => entry(seq, key));
      backlog.add(entries, entries.length);
      let progress: DeliveryProgress = progressFrom(0);
      const ended: number[] = [];
      let now = 0;
      for (let guard = 0; !backlog.isEmpty; guard++) {
        expect(guard).toBeLessThan(10_000);
        now = nextRetryAt(progress) ?? now;
        for (const step of nextSteps(backlog.entries, progress, {
          concurrency,
          attempts: 4,
          now,
          bulk: undefined,
        })) {
          if (step.kind === "wait") expect.fail("nothing waits that is not in bulk");
          const { seq } = step.kind === "send" ? (step.entries[0] ?? NONE) : step.entry;
          expect(ended).not.toContain(seq);
          if (step.kind === "send") progress = withSent(progress, seq);
          else {
            progress = withDone(progress, seq);
            ended.push(seq);
          }
        }
        expect(progress.underWay.length).toBeLessThanOrEqual(concurrency);
        const held = progress.underWay.flatMap((seq) => entries[seq]?.event.key ?? []);
        expect(new Set(held).size).toBe(held.length);
        const pick = stream.next().value;
        const seq = progress.underWay[(pick?.at ?? 0) % (progress.underWay.length || 1)];
        if (seq !== undefined) {
          if (pick?.outcome === "failed")
            progress = withFailure(progress, seq, { ...failure, now });
          else if (pick?.outcome === "absent") progress = withAbsence(progress, seq, now);
          else {
            progress = withDone(progress, seq);
            ended.push(seq);
          }
        }
        backlog.prune(progress);
      }
      expect(progress).toEqual(progressFrom(entries.length));
      expect(ended.toSorted((a, b) => a - b)).toEqual(entries.map(({ seq }) => seq));
      for (const key of ["a", "b", "c"]) {
        const ofKey = ended.filter((seq) => entries[seq]?.event.key === key);
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
      }
    }),
  );
});

it("knows what is done behind an event that is not", () => {
  let progress = progressFrom(5);
  for (const seq of [7, 6, 9, 7]) progress = withDone(progress, seq);
  expect(progress).toMatchObject({ cursor: 5, done: [6, 7, 9] });
  expect([4, 5, 6, 8, 9].map((seq) => isDone(progress, seq))).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  expect(withDone(progress, 5)).toMatchObject({ cursor: 8, done: [9] });
});

it("reads no further when an event far behind is not done, or too much is read", () => {
  const backlog = new Backlog();
  const progress = progressFrom(0);
  backlog.add([entry(0)], 1_024);
  expect(backlog.hasRoom(progress)).toBe(false);
  expect(backlog.hasRoom(progressFrom(1))).toBe(true);
  backlog.add([{ ...entry(1_024), size: 2 ** 21 }], 1_025);
  expect(backlog.hasRoom(progressFrom(1_000))).toBe(false);
  backlog.prune(progressFrom(1_025));
  expect(backlog.hasRoom(progressFrom(1_025))).toBe(true);
});

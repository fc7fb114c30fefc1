import { describe, expect, it } from "vitest";
import { afterFailure, NoRetry, RetryAfter, retryPolicy } from "./retry-policy.ts";

const error = new Error("no luck");

describe("what comes after an attempt that threw", () => {
  it("is ever longer pauses up to the longest, and the error in the end", () => {
    const policy = retryPolicy("charge", { attempts: 5, first: "1s", max: "3s" });
    const pauses = [1, 2, 3, 4, 5].map((attempt) =>
      afterFailure(policy, { attempt, error, chance: 0 }),
    );
    expect(pauses).toEqual([
      { kind: "again", pauseMs: 1_000 },
      { kind: "again", pauseMs: 2_000 },
      { kind: "again", pauseMs: 3_000 },
      { kind: "again", pauseMs: 3_000 },
      { kind: "fail", error },
    ]);
  });

  it("is a pause that is longer by chance, by half of it at most", () => {
    const policy = retryPolicy("charge", { first: "1s" });
    expect(afterFailure(policy, { attempt: 1, error, chance: 0.5 })).toEqual({
      kind: "again",
      pauseMs: 1_250,
    });
  });

  it("is what the error says, if it says anything", () => {
    const policy = retryPolicy("charge", { retryIf: (thrown) => thrown !== error });
    const after = (thrown: unknown) =>
      afterFailure(policy, { attempt: 1, error: thrown, chance: 0 });
    expect(after(error)).toEqual({ kind: "fail", error });
    expect(after(new NoRetry(error))).toEqual({ kind: "fail", error });
    expect(after(new RetryAfter("1m"))).toEqual({ kind: "again", pauseMs: 60_000 });
  });
});

it.each([
  [{ attempts: 0 }, "retry.attempts is 0"],
  [{ first: "soon" as "1s" }, 'retry.first is "soon"'],
  [{ factor: 0.5 }, "retry.factor is 0.5"],
  [{ jitter: 2 }, "retry.jitter is 2"],
])("refuses %o, and says what is wrong", (options, text) => {
  expect(() => retryPolicy("charge", options)).toThrow(text);
});

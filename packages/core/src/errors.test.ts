import { describe, expect, it } from "vitest";
import { ERROR_CODES, messageOf, TroupeError, type ErrorCode } from "./errors.ts";

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe("the error catalogue", () => {
  it.each(codes)("explains %s in a sentence", (code) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(ERROR_CODES[code].meaning).toMatch(/^[A-Z].*\.$/);
  });

  it("retries no wrong program or configuration", () => {
    for (const code of [
      "BAD_CONFIG",
      "BAD_DEFINITION",
      "BAD_ACTOR_ID",
      "NOT_SERIALIZABLE",
      "NO_SUCH_METHOD",
    ] as const) {
      expect(ERROR_CODES[code]).toMatchObject({ retryable: false, ran: "no" });
    }
  });
});

describe("TroupeError", () => {
  it.each(codes)(
    "starts the message of %s with the code and takes its facts from the catalogue",
    (code) => {
      const error = new TroupeError(code, "Account/alice is busy");
      expect(error.message).toBe(`[${code}] Account/alice is busy`);
      expect(error).toMatchObject({
        code,
        ran: ERROR_CODES[code].ran,
        retryable: ERROR_CODES[code].retryable,
      });
      expect(error).toBeInstanceOf(Error);
      expect(error.name).toBe("TroupeError");
      expect(Object.keys(error).toSorted()).toEqual(["code", "ran", "retryable"]);
      expect("cause" in error).toBe(false);
    },
  );

  it("takes what is known better than the catalogue", () => {
    const cause = new Error("refused");
    expect(
      new TroupeError("SILO_LOST", "gone", { ran: "no", retryable: false, cause }),
    ).toMatchObject({
      ran: "no",
      retryable: false,
      cause,
    });
  });
});

describe("messageOf", () => {
  it("gives a text for whatever was thrown", () => {
    expect([new Error("one"), "two", undefined, 4].map(messageOf)).toEqual([
      "one",
      "two",
      "undefined",
      "4",
    ]);
  });
});

import { describe, expect, it } from "vitest";
import { ERROR_CODES, TroupeError, type ErrorCode, withRan } from "./errors.ts";

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

describe("the detail of an error", () => {
  it("is its message without the code, also after somebody has changed the message", () => {
    const error = new TroupeError("SILO_LOST", "[x] is gone");
    expect(error.detail).toBe("[x] is gone");
    error.message = "quite another text";
    expect(error.detail).toBe("quite another text");
  });

  it("is what withRan says again under the same code", () => {
    const cause = new Error("why");
    const error = new TroupeError("SILO_LOST", "gone", { ran: "no", retryable: false, cause });
    expect(withRan(error, "yes")).toMatchObject({
      message: "[SILO_LOST] gone",
      code: "SILO_LOST",
      ran: "yes",
      retryable: false,
      cause,
    });
  });
});

describe("instanceof TroupeError", () => {
  it("knows the errors of another copy of this package, and takes nothing else for one", () => {
    const mark = Symbol.for("troupe.TroupeError");
    const ofAnotherCopy = Object.assign(Object.create({ [mark]: true }), { code: "TIMEOUT" });
    class Special extends TroupeError {}
    const special = new Special("TIMEOUT", "late");
    expect([ofAnotherCopy, special].map((error) => error instanceof TroupeError)).toEqual([
      true,
      true,
    ]);
    expect([ofAnotherCopy, special].map((error) => error instanceof Special)).toEqual([
      false,
      true,
    ]);
    for (const other of [null, undefined, "TIMEOUT", new Error("x"), { code: "TIMEOUT" }])
      expect(other instanceof TroupeError).toBe(false);
  });

  it("never throws, whatever is asked about", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(proxy instanceof TroupeError).toBe(false);
  });
});

import { TroupeError } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { SecretTexts } from "../opening/secret-texts.ts";
import { ComponentCalls } from "./component-calls.ts";

const clock = new VirtualClock();
const secrets = new SecretTexts();
secrets.add("hush");
secrets.add("hush-hush");

function calls(): ComponentCalls {
  return new ComponentCalls({ title: "orders (state.x)", clock, timeoutMs: 1_000, secrets });
}

function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}

/** What a caller gets when the client throws this. */
async function failing(thrown: unknown): Promise<TroupeError> {
  try {
    await calls().run(async () => {
      throw thrown;
    });
  } catch (error) {
    if (error instanceof TroupeError) return error;
  }
  throw new Error("no error of Troupe");
}

describe("ComponentCalls", () => {
  it("gives what the component gives, and leaves no timer behind", async () => {
    expect(await calls().run(async () => 5)).toBe(5);
    expect(clock.pending).toBe(0);
  });

  it("ends a call that is not answered, and tells the client", async () => {
    let signal: AbortSignal | undefined;
    const call = calls().run((waiting) => {
      ({ signal } = waiting);
      return never();
    });
    await expect(clock.run(call)).rejects.toMatchObject({
      code: "TIMEOUT",
      ran: "maybe",
      detail: "orders (state.x): no answer within 1000 ms",
    });
    expect(signal?.aborted).toBe(true);
    const shorter = calls().run(never, { timeoutMs: 5 });
    await expect(clock.run(shorter)).rejects.toThrow("no answer within 5 ms");
  });

  it("ends a call when the caller's signal is aborted", async () => {
    const ended = new AbortController();
    const call = calls().run(never, { signal: ended.signal });
    ended.abort();
    await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
    let hasRun = false;
    const late = calls().run(
      async () => {
        hasRun = true;
      },
      { signal: ended.signal },
    );
    await expect(late).rejects.toMatchObject({ code: "CANCELLED", ran: "no" });
    expect(hasRun).toBe(false);
  });

  it("refuses one call too many, also while nobody waits for the others any more", async () => {
    const many = calls();
    const underWay = Array.from({ length: 1_024 }, () => many.run(never).catch(() => undefined));
    await expect(many.run(never)).rejects.toMatchObject({ code: "OVERLOADED", ran: "no" });
    await clock.run(Promise.all(underWay));
    await expect(many.run(never)).rejects.toMatchObject({ code: "OVERLOADED" });
  });

  it("shows no secret, in whatever the client throws", async () => {
    const plain = await failing(new Error("cannot reach redis://u:p@h with hush-hush"));
    expect(plain).toMatchObject({ code: "COMPONENT_UNAVAILABLE", retryable: true });
    expect(plain.detail).toBe("orders (state.x): cannot reach redis://***@h with ***");
    const inside = await failing(Object.assign(new Error("no"), { options: { password: "hush" } }));
    expect(JSON.stringify(inside.cause)).not.toContain("hush");
    const own = await failing(new TroupeError("BINDING_FAILED", "hush", { retryable: true }));
    expect(own).toMatchObject({ code: "BINDING_FAILED", detail: "***", retryable: true });
    const harmless = new Error("refused");
    expect((await failing(harmless)).cause).toBe(harmless);
    expect((await failing("text")).detail).toBe("orders (state.x): text");
  });

  it("waits for what is under way when it closes, and takes nothing more", async () => {
    const closing = calls();
    const { promise, resolve } = Promise.withResolvers<number>();
    const call = closing.run(() => promise);
    const ends: string[] = [];
    const closed = closing.close().then(() => ends.push("closed"));
    await expect(closing.run(never)).rejects.toMatchObject({ code: "COMPONENT_UNAVAILABLE" });
    expect(ends).toEqual([]);
    resolve(5);
    await closed;
    expect(await call).toBe(5);
  });
});

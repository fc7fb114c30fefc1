import assert from "node:assert/strict";
import { format, inspect } from "node:util";
import { addressOfReference } from "@troupe/core";
import {
  Actor,
  actor,
  definitionOf,
  internal,
  PRINTING_NAMES,
  RESERVED_NAMES,
  UNANSWERED_NAMES,
} from "@troupe/sdk";
import { describe, expect, it } from "vitest";
import { createReference } from "./actor-reference.ts";
import { callTarget } from "./caller.ts";

@actor("Account")
class Account extends Actor {
  async deposit(amount: number): Promise<number> {
    return amount;
  }

  async read(): Promise<number> {
    return 0;
  }

  @internal() async secret(): Promise<void> {}
}

type Methods = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

/** A reference whose calls give what was called. */
function reference(options: { readonly typed: boolean } = { typed: true }): Methods {
  const target = callTarget(
    { type: "Account", id: "alice" },
    options.typed ? definitionOf(Account) : undefined,
    undefined,
  );
  return createReference(target, async ({ key }, method, args) => [
    key,
    method,
    ...args,
  ]) as Methods;
}

describe("a reference", () => {
  it("calls the methods of its actor, also when they are taken off it", async () => {
    const alice = reference();
    expect(await alice.deposit?.(5)).toEqual(["Account/alice", "deposit", 5]);
    const { deposit } = alice;
    expect(await deposit?.(7)).toEqual(["Account/alice", "deposit", 7]);
  });

  it("by the name of a type alone calls any method", async () => {
    expect(await reference({ typed: false }).whatever?.(1)).toEqual([
      "Account/alice",
      "whatever",
      1,
    ]);
  });

  it("is not a promise: it a promise resolves with it, and not with what it would resolve to", async () => {
    for (const typed of [true, false]) {
      const alice = reference({ typed });
      expect(alice.then).toBeUndefined();
      expect(await Promise.resolve(alice)).toBe(alice);
    }
  });

  it("prints as its address", () => {
    const alice = reference();
    for (const print of [String, (value: unknown) => `as ${value as string}`.slice(3)])
      expect(print(alice)).toBe("Account/alice");
    expect(JSON.stringify({ alice })).toBe('{"alice":"Account/alice"}');
    expect(inspect(alice)).toBe("ActorRef <Account/alice>");
    expect(format("%s %o", alice, { alice })).toContain("Account/alice");
    expect(Object.prototype.toString.call(alice)).toBe("[object ActorRef]");
  });

  it("has its methods, and nothing else that can be found or changed", () => {
    const alice = reference() as Record<string, unknown>;
    expect("deposit" in alice).toBe(true);
    expect("secret" in alice).toBe(false);
    expect("withdraw" in alice).toBe(false);
    expect(Object.keys(alice)).toEqual([]);
    expect({ ...alice }).toEqual({});
    expect(() => {
      alice.deposit = 1;
    }).toThrow(TypeError);
    expect(alice.constructor).toBeUndefined();
    expect(alice.$$typeof).toBeUndefined();
  });

  it("can be a key and an element, and is equal to itself", () => {
    const alice = reference();
    expect(new Set([alice, alice]).size).toBe(1);
    expect(new Map([[alice, 1]]).get(alice)).toBe(1);
    assert.deepStrictEqual(alice, alice);
    expect([alice]).toEqual([alice]);
  });

  it("calls the actor under every name but those that no definition can have", () => {
    const calls: string[] = [];
    const target = callTarget({ type: "Account", id: "alice" }, undefined, undefined);
    const alice = createReference(target, (_, method) => calls.push(method)) as Record<
      string,
      unknown
    >;
    for (const name of UNANSWERED_NAMES) expect([name, alice[name]]).toEqual([name, undefined]);
    for (const name of PRINTING_NAMES)
      expect((alice[name] as () => string)()).toBe("Account/alice");
    for (const name of [...UNANSWERED_NAMES, ...PRINTING_NAMES])
      expect([name, RESERVED_NAMES.has(name)]).toEqual([name, true]);
    expect(calls).toEqual([]);
  });

  it("shows its address to whoever copies it", () => {
    expect(addressOfReference(reference())).toEqual({ type: "Account", id: "alice" });
  });
});

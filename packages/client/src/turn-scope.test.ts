import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { currentTurn, runInTurn, runOutsideTurns, type TurnScope } from "./turn-scope.ts";

function scopeOf(id: string): TurnScope {
  return {
    address: { type: "Account", id },
    method: "m",
    deadline: 0,
    chain: [],
    traceContext: undefined,
    isReadonly: false,
    ended: false,
    gate: { isOpen: true, pass: (release) => release(undefined) },
    willLook() {},
    willWrite() {},
    onKept() {},
    get context(): never {
      throw new Error("not of this test");
    },
  };
}

function current(): string | undefined {
  return currentTurn()?.address.id;
}

/** Runs what takes no notice of its scope. */
function within<T>(id: string, work: () => T): T {
  return runInTurn(scopeOf(id), work, undefined);
}

describe("the scope of a turn", () => {
  it("is there for what the turn does, at once and later, and for nobody else", async () => {
    const seen: (string | undefined)[] = [];
    const left = within("alice", async () => {
      seen.push(current());
      await Promise.resolve();
      seen.push(current());
    });
    seen.push(current());
    await left;
    expect(seen).toEqual(["alice", undefined, "alice"]);
    expect(current()).toBeUndefined();
  });

  it("comes back when a turn that ran within it is over, also if that throws", async () => {
    const after = await within("alice", async () => {
      const left = within("bob", async () => {
        await Promise.resolve();
        return current();
      });
      const seen = [current()];
      expect(() => within("carol", () => raise())).toThrowError("carol's");
      seen.push(current());
      runOutsideTurns(() => seen.push(current()));
      seen.push(current(), await left, current());
      return seen;
    });
    expect(after).toEqual(["alice", "alice", undefined, "alice", "bob", "alice"]);
  });

  it("is not that of the turn before, which nobody waits for any more", async () => {
    const gates: (() => void)[] = [];
    const left = within("alice", async () => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return current();
    });
    within("bob", () => gates.forEach((open) => open()));
    expect(await left).toBe("alice");
  });

  it("hides the contexts of whoever happened to start the turn", () => {
    const contexts = new AsyncLocalStorage<string>();
    contexts.run("the caller's", () => {
      expect(within("alice", () => contexts.getStore())).toBeUndefined();
      expect(contexts.getStore()).toBe("the caller's");
    });
  });
});

function raise(): never {
  throw new Error("carol's");
}

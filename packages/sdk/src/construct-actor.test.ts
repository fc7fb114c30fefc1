import { silentLogger } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { Actor, actor, defineActor, definitionOf, state } from "@troupe/sdk";
import type { ActorHost, CallOptions } from "@troupe/sdk";

/** A host that keeps its slots in a map and notes what it is asked for. */
class MapHost implements ActorHost {
  readonly address = { type: "Account", id: "alice" };
  readonly log = silentLogger;
  readonly stored = new Map<string, unknown>();
  readonly values = new Map<string, unknown>();
  readonly asked: unknown[] = [];
  readonly slots = {
    initialise: (name: string, initial: unknown) => {
      this.asked.push(`initialise ${name}`);
      this.values.set(name, this.stored.has(name) ? this.stored.get(name) : initial);
    },
    read: (name: string) => this.values.get(name),
    write: (name: string, value: unknown) => {
      this.asked.push(`write ${name}`);
      this.values.set(name, value);
    },
  };
  get reminders(): never {
    throw new Error("not in these tests");
  }
  get timers(): never {
    throw new Error("not in these tests");
  }
  context(): never {
    throw new Error("outside of a turn");
  }
  reference(type: string, id: string, options: CallOptions | undefined): unknown {
    return { type, id, options };
  }
  worker(type: string, options: CallOptions | undefined): unknown {
    return { worksFor: type, options };
  }
  send(type: string, id: string): unknown {
    return { sendsTo: `${type}/${id}` };
  }
  part(): never {
    throw new Error("these tests have no durable parts");
  }

  now(): number {
    return 17;
  }
  destroy(): void {
    this.asked.push("destroy");
  }
  deactivate(): void {
    this.asked.push("deactivate");
  }
  busy(): () => void {
    throw new Error("not in these tests");
  }
  save(): void {
    this.asked.push("save");
  }
}

@actor("Account")
class Account extends Actor {
  readonly label = `${this.type}/${this.id} at ${this.now()}`;
  @state() accessor balance = 1;
  @state() accessor double = this.balance * 2;
  constructor() {
    super();
    this.double = 9;
  }
}

class Plain extends Actor {
  readonly label = this.id;
  balance = 1;
  double = this.balance * 2;
  other: number[] = [];
  absent?: number;
}
defineActor(Plain, { name: "Plain", state: ["balance", "double", "absent"] });

function construct<A extends Actor>(
  actorClass: abstract new () => A,
  host = new MapHost(),
): { made: A; host: MapHost } {
  const definition = definitionOf(actorClass);
  return { made: definition.behaviour.activate(definition, host) as A, host };
}

describe("an actor's construction", () => {
  it("gives the host to field initialisers and to the constructor", () => {
    const { made, host } = construct(Account);
    expect(made).toBeInstanceOf(Account);
    expect(made.label).toBe("Account/alice at 17");
    expect(Object.fromEntries(host.values)).toEqual({ balance: 1, double: 9 });
  });

  it("takes what the constructor assigns as first values, so that it never overwrites what is stored", () => {
    const host = new MapHost();
    host.stored.set("balance", 50).set("double", 7);
    const { made } = construct(Account, host);
    expect([made.balance, made.double]).toEqual([50, 7]);
    expect(host.asked).not.toContain("write double");
  });

  it("takes later assignments as changes", () => {
    const { made, host } = construct(Account);
    made.balance += 5;
    expect(made.balance).toBe(6);
    expect(host.asked.at(-1)).toBe("write balance");
  });

  it("moves the plain fields of defineActor to the host, and leaves the others", () => {
    for (const round of [1, 2]) {
      const { made, host } = construct(Plain);
      expect(Object.keys(made), `round ${round}`).toEqual(["label", "other"]);
      expect(Object.fromEntries(host.values)).toEqual({ balance: 1, double: 2, absent: undefined });
      made.balance = 4;
      made.absent = 8;
      expect([host.values.get("balance"), host.values.get("absent")]).toEqual([4, 8]);
      expect([made.balance, made.absent]).toEqual([4, 8]);
    }
  });

  it("takes the fields of a compiler that assigns them instead of defining them", () => {
    class Assigned extends Actor {
      declare balance: number;
      constructor() {
        super();
        this.balance = 3;
      }
    }
    defineActor(Assigned, { name: "Assigned", state: ["balance"] });
    for (let round = 0; round < 2; round++) {
      const host = new MapHost();
      host.stored.set("balance", 20);
      const { made } = construct(Assigned, host);
      expect(made.balance).toBe(20);
      expect(host.asked).toEqual(["initialise balance"]);
    }
  });

  it("passes the members of Actor on to the host", () => {
    const { made, host } = construct(Account);
    made.save();
    made.deactivate();
    made.destroy();
    expect(host.asked.slice(-3)).toEqual(["save", "deactivate", "destroy"]);
    expect(made.actor(Plain, "bob", { timeout: 5 })).toEqual({
      type: "Plain",
      id: "bob",
      options: { timeout: 5 },
    });
    expect(made.actor("Other", "bob")).toEqual({ type: "Other", id: "bob", options: undefined });
    expect(() => made.context).toThrow("outside of a turn");
    expect(made.log).toBe(silentLogger);
  });

  it("passes on what the constructor throws, and gives its host to nobody else", () => {
    @actor("Broken")
    class Broken extends Actor {
      readonly never = thrower();
    }
    expect(() => construct(Broken)).toThrow("broken");
    expect(() => new Account().id).toThrow("made with new");
  });

  it("gives its host to the one actor only", () => {
    @actor("Nesting")
    class Nesting extends Actor {
      readonly inner = new Bare();
    }
    const { made } = construct(Nesting);
    expect(made.id).toBe("alice");
    expect(() => made.inner.id).toThrow("made with new");
  });
});

describe("an actor that was made with new", () => {
  it("says how to get one instead, from each of its members", () => {
    const made = new Bare();
    const message =
      "Bare is made by Troupe, and this one was made with new; use cluster.actor(Bare, id)";
    expect(() => made.id).toThrow(message);
    expect(() => made.slot).toThrow(message);
    expect(() => (made.slot = 1)).toThrow(message);
    expect(() => made.now()).toThrow(message);
    expect(() => made.actor("Other", "x")).toThrow(message);
    expect(() => made.reminders).toThrow(message);
  });
});

class Bare extends Actor {
  @state() accessor slot = 1;
}

function thrower(): never {
  throw new Error("broken");
}

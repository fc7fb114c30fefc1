import { EVEN_PLACEMENT } from "@troupe/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  Actor,
  actor,
  defineActor,
  ClassBehaviour,
  definitionOf,
  digestOf,
  handlersOf,
  idempotent,
  interleave,
  internal,
  oneWay,
  readonly,
  reminder,
  state,
  timer,
  type ActorDefinition,
  type ReminderTick,
} from "@troupe/sdk";

@actor("Account", {
  idleAfter: "10m",
  reentrancy: "none",
  mailboxMax: 5,
  callTimeout: "2s",
  version: 3,
  placement: "hash",
})
class Decorated extends Actor {
  @state() accessor balance = 0;
  @state({ save: "manual" }) accessor cache: string[] = [];
  async deposit(amount: number): Promise<number> {
    return (this.balance += amount);
  }
  @readonly() read(): number {
    return this.balance;
  }
  @interleave() @idempotent() async touch(): Promise<void> {}
  @oneWay() async hint(): Promise<void> {}
  @internal() secret(): void {}
  @reminder("daily") @reminder("weekly") async statement(
    _tick: ReminderTick<{ kind: string }>,
  ): Promise<void> {}
  @timer("poll") @idempotent() async poll(): Promise<void> {}
  #hidden(): void {}
  get total(): number {
    this.#hidden();
    return this.balance;
  }
  override onActivate(): void {}
}

class Plain extends Actor {
  balance = 0;
  cache: string[] = [];
  async deposit(amount: number): Promise<number> {
    return (this.balance += amount);
  }
  read(): number {
    return this.balance;
  }
  async touch(): Promise<void> {}
  async hint(): Promise<void> {}
  secret(): void {}
  async statement(_tick: ReminderTick<{ kind: string }>): Promise<void> {}
  async poll(): Promise<void> {}
  #hidden(): void {}
  get total(): number {
    this.#hidden();
    return this.balance;
  }
  override onActivate(): void {}
}
defineActor(Plain, {
  name: "Account",
  idleAfter: "10m",
  reentrancy: "none",
  mailboxMax: 5,
  callTimeout: "2s",
  version: 3,
  placement: "hash",
  state: { balance: {}, cache: { save: "manual" } },
  methods: {
    read: { readonly: true },
    touch: { interleave: true, idempotent: true },
    hint: { oneWay: true, readonly: false },
    secret: { internal: true },
    poll: { idempotent: true },
  },
  reminders: { daily: "statement", weekly: "statement" },
  timers: { poll: "poll" },
});

/** Without the class, and in one order. */
function contentOf(definition: ActorDefinition): Record<string, unknown> {
  const { behaviour, methods, methodOf, handlers, handlerDetails, ...rest } = definition;
  expect(behaviour).toBeInstanceOf(ClassBehaviour);
  for (const [name, method] of methods) expect(methodOf(name)).toBe(method);
  const [reminders, timers] = [handlersOf(definition, "reminder"), handlersOf(definition, "timer")];
  expect(handlers.size).toBe(2);
  expect(handlerDetails.size).toBe(0);
  const [methodsByName, remindersByName, timersByName] = [methods, reminders, timers].map((map) =>
    Object.fromEntries<unknown>(map),
  );
  return { ...rest, methods: methodsByName, reminders: remindersByName, timers: timersByName };
}

const exclusive = { concurrency: "exclusive", oneWay: false, idempotent: false };

function refusedAtCompileTime(): unknown {
  class Wrong extends Actor {
    // @ts-expect-error a field that is not an accessor
    @state() field = 0;
    // @ts-expect-error private
    @state() accessor #hidden = 0;
    // @ts-expect-error static
    @state() static accessor shared = 0;
    // @ts-expect-error an accessor is not a method
    @readonly() accessor slot = 0;
    // @ts-expect-error private
    @readonly() #look(): void {}
    // @ts-expect-error a handler is given a tick
    @reminder("x") handle(_amount: number): void {}
    // @ts-expect-error a reminder has a name
    @reminder() nameless(): void {}
    use(): void {
      this.#look();
      this.#hidden = 1;
    }
  }
  // @ts-expect-error no actor
  @actor("NoActor")
  class NoActor {
    readonly field = 1;
  }
  // @ts-expect-error no such slot
  defineActor(Wrong, { state: ["nothing"] });
  // @ts-expect-error no such method
  defineActor(Wrong, { methods: { slot: {} } });
  // @ts-expect-error an unknown option
  defineActor(Wrong, { idle: "1m" });
  return NoActor;
}

describe("decorators", () => {
  it("define an actor type", () => {
    expect(contentOf(definitionOf(Decorated))).toEqual({
      name: "Account",
      idleAfterMs: 600_000,
      placement: EVEN_PLACEMENT,
      access: "public",
      reentrancy: "none",
      mailboxMax: 5,
      callTimeoutMs: 2_000,
      version: 3,
      methods: {
        deposit: { name: "deposit", ...exclusive },
        read: { name: "read", ...exclusive, concurrency: "readonly" },
        touch: { name: "touch", concurrency: "interleave", oneWay: false, idempotent: true },
        hint: { name: "hint", ...exclusive, oneWay: true },
        poll: { name: "poll", ...exclusive, idempotent: true },
      },
      slots: [
        { name: "balance", save: "turn", isFrozen: false },
        { name: "cache", save: "manual", isFrozen: false },
      ],
      reminders: { daily: "statement", weekly: "statement" },
      timers: { poll: "poll" },
    });
  });

  it("say the same as defineActor", () => {
    expect(contentOf(definitionOf(Plain))).toEqual(contentOf(definitionOf(Decorated)));
    expect(digestOf(definitionOf(Plain))).toBe(digestOf(definitionOf(Decorated)));
  });

  it("give a type the name of its class, and the defaults", () => {
    @actor()
    class Cart extends Actor {}
    const { name, idleAfterMs, reentrancy, mailboxMax, callTimeoutMs, version } =
      definitionOf(Cart);
    expect({ name, idleAfterMs, reentrancy, mailboxMax, callTimeoutMs, version }).toEqual({
      name: "Cart",
      idleAfterMs: 900_000,
      reentrancy: "chain",
      mailboxMax: 1_000,
      callTimeoutMs: 30_000,
      version: 1,
    });
  });

  it("refuse at compile time what can never work", () => {
    expectTypeOf(refusedAtCompileTime).toBeFunction();
  });
});

describe("a class that extends another actor class", () => {
  @actor("Base", { idleAfter: "1m" })
  class Base extends Actor {
    @state() accessor one = 1;
    @readonly() look(): void {}
    @internal() hidden(): void {}
    plain(): void {}
    @reminder("wake") wake(): void {}
  }

  @actor("Derived")
  class Derived extends Base {
    @state() accessor two = 2;
    @interleave() override look(): void {}
    override hidden(): void {}
    override wake(): void {}
    @timer("tick") tick(): void {}
    more(): void {}
  }

  it("inherits slots, methods, reminders and timers, but not the options of the type", () => {
    const derived = definitionOf(Derived);
    expect(derived.name).toBe("Derived");
    expect(derived.idleAfterMs).toBe(900_000);
    expect(derived.slots.map((slot) => slot.name)).toEqual(["one", "two"]);
    expect([...derived.methods.keys()]).toEqual(["look", "plain", "more"]);
    expect(derived.methods.get("look")?.concurrency).toBe("interleave");
    expect([...handlersOf(derived, "reminder")]).toEqual([["wake", "wake"]]);
    expect([...handlersOf(derived, "timer")]).toEqual([["tick", "tick"]]);
  });

  it("leaves the base class as it was", () => {
    const base = definitionOf(Base);
    expect([...base.methods.keys()]).toEqual(["look", "plain"]);
    expect(base.methods.get("look")?.concurrency).toBe("readonly");
    expect(base.slots.map((slot) => slot.name)).toEqual(["one"]);
  });

  it("may be defined by defineActor over decorators, and the other way round", () => {
    class Upper extends Base {
      three = 3;
    }
    expect(defineActor(Upper, { name: "Upper", state: ["three"] })).toBe(Upper);
    @actor("Top")
    class Top extends Upper {
      @state() accessor four = 4;
    }
    expect(definitionOf(Top).slots.map((slot) => slot.name)).toEqual(["one", "three", "four"]);
  });

  it("may stand on a class without a decorator of its own", () => {
    class Middle extends Actor {
      @oneWay() shout(): void {}
    }
    @actor("Leaf")
    class Leaf extends Middle {}
    expect(definitionOf(Leaf).methods.get("shout")?.oneWay).toBe(true);
  });
});

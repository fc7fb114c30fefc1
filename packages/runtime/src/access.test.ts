import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AccessRule } from "./routing/access-rules.ts";

@actor("Cart")
class Cart extends Actor {
  async add(): Promise<string> {
    return this.actor(Vault, "v").open();
  }

  async look(): Promise<string> {
    return "seen";
  }
}

@actor("Order")
class Order extends Actor {
  async place(): Promise<string> {
    return "placed";
  }
}

@actor("Vault", { access: "internal" })
class Vault extends Actor {
  async open(): Promise<string> {
    return "open";
  }
}

/** What becomes of calls that a client makes, and an operator. */
async function outcomes(access?: readonly AccessRule[]): Promise<Record<string, string>> {
  const cluster = await TestCluster.start({ actors: [Cart, Order, Vault], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  await cluster.startSilo(access === undefined ? {} : { access });
  const seen: Record<string, string> = {};
  for (const role of ["client", "operator"] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other.
    const client = await cluster.run(cluster.connect({ role }));
    onTestFinished(() => client.close());
    const calls = {
      add: () => client.actor(Cart, "c").add(),
      look: () => client.actor(Cart, "c").look(),
      place: () => client.actor(Order, "o").place(),
      open: () => client.actor(Vault, "v").open(),
    };
    for (const [name, call] of Object.entries(calls)) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      seen[`${role} ${name}`] = await cluster.run(call().catch(messageOf));
    }
  }
  return seen;
}

function messageOf(error: unknown): string {
  return (error as Error).message;
}

const OPERATOR = {
  "operator add": "open",
  "operator look": "seen",
  "operator place": "placed",
  "operator open": "open",
};

describe("access", () => {
  it("of a client is to all types that are not internal, if nothing is said", async () => {
    expect(await outcomes()).toEqual({
      ...OPERATOR,
      "client add": "open",
      "client look": "seen",
      "client place": "placed",
      "client open": "[FORBIDDEN] Vault/v.open(): Vault is for actors only",
    });
  });

  it("is what the first rule says that is about the call, and nothing else", async () => {
    const seen = await outcomes([
      { caller: "nobody", types: ["*"], allow: false },
      { caller: "*", types: ["Cart"], methods: ["look"], allow: false },
      { caller: "*", types: ["Cart", "Vault"] },
    ]);
    expect(seen).toMatchObject(OPERATOR);
    expect(seen["client add"]).toBe("open");
    expect(seen["client look"]).toMatch(
      /FORBIDDEN.*Cart\/c\.look\(\): a rule of access forbids it to /,
    );
    expect(seen["client place"]).toMatch(/FORBIDDEN.*no rule of access lets .* call it/);
    expect(seen["client open"]).toMatch(/FORBIDDEN.*Vault is for actors only/);
  });

  it.each([
    [
      [{ caller: "*", types: ["Crat"] }],
      "access[0].types: this silo hosts no type Crat; it hosts Cart, Order, Vault; did you mean Cart?",
    ],
    [
      [
        { caller: "*", types: ["*"] },
        { caller: "*", types: ["Cart", "Payments"], allow: false },
      ],
      "access[1].types: this silo hosts no type Payments; it hosts Cart, Order, Vault",
    ],
    [[{ caller: 5, types: ["*"] }], 'access[0].caller is 5; give a name, or "*"'],
    [[{ caller: "*", types: "Cart" }], 'access[0].types is "Cart"; give an array of names'],
    [[{ caller: "*", types: ["*"], methods: [1] }], "access[0].methods is"],
    [[{ caller: "*", types: ["*"], allow: "no" }], 'access[0].allow is "no"; give true or false'],
    [
      [{ caller: "*", type: ["*"] }],
      "access[0] has no type; there are caller, types, methods, allow; did you mean types?",
    ],
    [{ caller: "*" }, "access is { caller: '*' }; give an array of rules"],
    [["Cart"], 'access[0] is "Cart"; give an object'],
  ])("is refused at the start if it is %j", async (access, message) => {
    const cluster = await TestCluster.start({ actors: [Cart, Order, Vault] });
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const options = { access: access as unknown as readonly AccessRule[] };
    const error = await cluster.startSilo(options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "BAD_CONFIG" });
    expect(String(error)).toContain(message);
  });
});

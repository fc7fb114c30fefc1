import { Actor } from "@troupe/sdk";
import { describe, expectTypeOf, it } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import {
  defineWorkflow,
  event,
  type StartOptions,
  workflow,
  type WorkflowStatus,
} from "./index.ts";

interface OrderInput {
  readonly account: string;
  readonly amount: number;
}

const Order = defineWorkflow({
  name: "Order",
  version: 2,
  events: { approved: event<{ by: string }>(), noted: event() },
  status: "" as "paying" | "shipping",
  async run(ctx, input: OrderInput) {
    ctx.status("paying");
    // @ts-expect-error -- no such status.
    ctx.status("eating");
    const left = await ctx.actor(Account, input.account).withdraw(input.amount);
    expectTypeOf(left).toEqualTypeOf<number>();
    // @ts-expect-error -- an account has no such method.
    ctx.send(Account, "a").close();
    const paid = await ctx.run("charge", () => ({ id: "c-1" }), {
      undo: (result) => expectTypeOf(result).toEqualTypeOf<{ id: string } | undefined>(),
    });
    const yes = await ctx.event("approved", { timeout: "3d" });
    expectTypeOf(yes).toEqualTypeOf<{ by: string } | undefined>();
    expectTypeOf(await ctx.event("approved")).toEqualTypeOf<{ by: string }>();
    // @ts-expect-error -- no such event.
    await ctx.event("refused");
    const winner = await ctx.race({ late: ctx.sleep("1d"), paid: ctx.run("pay", () => 5) });
    if (winner.key === "paid") expectTypeOf(winner.value).toEqualTypeOf<number>();
    const sizes = await ctx.map(["a", "b"], (item) => ctx.run(item, () => item.length));
    expectTypeOf(sizes).toEqualTypeOf<number[]>();
    expectTypeOf(ctx.send(Account, "a").deposit).toEqualTypeOf<(amount: number) => void>();
    return { left, id: paid.id };
  },
});

const Bare = defineWorkflow({
  name: "Bare",
  run: async (ctx) => ctx.id.length,
});

const nobody = { actor: () => ({}) };
const order = workflow(nobody, Order, "o-1");
const bare = workflow(nobody, Bare, "b-1");

class Clerk extends Actor {
  async order(): Promise<boolean> {
    const started = await workflow(this, Order, "o-1").start({ account: "a", amount: 5 });
    return started.isNew;
  }
}

describe("the types of a workflow", () => {
  it("follow from its definition", () => {
    expectTypeOf<typeof order.start>().parameters.toEqualTypeOf<
      [input: OrderInput, options?: StartOptions]
    >();
    expectTypeOf<typeof order.result>().returns.resolves.toEqualTypeOf<{
      left: number;
      id: string;
    }>();
    expectTypeOf<typeof order.status>().returns.resolves.toEqualTypeOf<
      WorkflowStatus<"paying" | "shipping">
    >();
    expectTypeOf<typeof bare.start>().parameters.toEqualTypeOf<
      [input?: undefined, options?: StartOptions]
    >();
  });

  it("ask for the data of events, if they have any", () => {
    const sends = [
      order.send("approved", { by: "bob" }),
      order.send("noted"),
      order.send("noted", undefined, { id: "n-1" }),
      // @ts-expect-error -- the data is missing.
      order.send("approved"),
      // @ts-expect-error -- no such event.
      order.send("refused", 1),
      // @ts-expect-error -- it has no events.
      bare.send("approved"),
    ];
    expectTypeOf(sends).items.toEqualTypeOf<Promise<void>>();
  });

  it("let actors start runs", () => {
    expectTypeOf<Clerk["order"]>().returns.resolves.toEqualTypeOf<boolean>();
  });
});

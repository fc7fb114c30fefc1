import { Actor, defineBehaviour } from "@troupe/sdk";
import { expect, it } from "vitest";
import { actorsOf } from "./load-actors.ts";

class Account extends Actor {}
class Teller extends Actor {}

it("finds the actor classes among the exports, and in a default array, each once", () => {
  const module = {
    Account,
    default: [Teller, Account],
    rate: 5,
    helper() {},
    Plain: Map,
    nothing: null,
  };
  expect(actorsOf(module)).toEqual([Account, Teller]);
});

it("finds types that are no classes, such as workflows", () => {
  const Echo = defineBehaviour("Echo", { activate: () => ({ invoke: (_, args) => args }) });
  expect(actorsOf({ Echo, Account, options: { behaviour: "none" } })).toEqual([Echo, Account]);
});

it("finds none in a module that exports none", () => {
  expect(actorsOf({ Actor, parse: JSON.parse })).toEqual([]);
});

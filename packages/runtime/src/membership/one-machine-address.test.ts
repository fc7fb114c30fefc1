import { expect, it } from "vitest";
import { isOfOneMachine } from "./one-machine-address.ts";

it("tells an address of one machine from a name that may be given to another", () => {
  for (const address of [
    "10.0.0.5:7100",
    "127.0.0.1:1",
    "[::1]:7100",
    "[fe80::1]:7100",
    "localhost:7100",
  ]) {
    expect([address, isOfOneMachine(address)]).toEqual([address, true]);
  }
  for (const address of [
    "silo-1:7100",
    "silo-1.bank.svc.cluster.local:7100",
    "10.0.0:7100",
    "silo-1",
    "",
  ]) {
    expect([address, isOfOneMachine(address)]).toEqual([address, false]);
  }
});

import { expect, it } from "vitest";
import { PromiseMailbox } from "./promise-mailbox.ts";

it("runs work in order, one after the other, and gives each caller its result", async () => {
  const mailbox = new PromiseMailbox();
  const order: string[] = [];
  const posted = ["a", "b", "c"].map((name) =>
    mailbox.post(() => {
      order.push(name);
      return name.toUpperCase();
    }),
  );
  expect(order).toEqual([]);
  expect(await Promise.all(posted)).toEqual(["A", "B", "C"]);
  expect(order).toEqual(["a", "b", "c"]);
});

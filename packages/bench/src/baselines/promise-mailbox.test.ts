import { expect, it } from "vitest";
import { PromiseMailbox } from "./promise-mailbox.ts";

it("runs turns in order, and goes on after one that throws", async () => {
  const mailbox = new PromiseMailbox();
  const order: number[] = [];
  const first = mailbox.post(() => order.push(1));
  const failing = mailbox.post(() => {
    throw new RangeError("no");
  });
  const last = mailbox.post(() => order.push(2));
  await expect(failing).rejects.toThrow(RangeError);
  await Promise.all([first, last]);
  expect(order).toEqual([1, 2]);
});

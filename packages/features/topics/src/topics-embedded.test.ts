import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@troupe/core";
import { type Silo, startSilo } from "troupe";
import { expect, it, onTestFinished } from "vitest";
import { attempts, Buyer, Order, payments } from "./testing/shop.ts";
import { topicsOf } from "./topic-access.ts";
import { topics } from "./topics.ts";

const ORDERS = 4;
const PAYMENTS = 20;

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "troupe-topics-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(folder: string): Promise<Silo> {
  const silo = await startSilo({
    cluster: "shop",
    actors: [Order, Buyer],
    membership: `file:${folder}`,
    extensions: [topics()],
    logger: silentLogger,
  });
  onTestFinished(() => silo.stop());
  return silo;
}

async function ordersOf(silo: Silo): Promise<(readonly number[])[]> {
  const ids = Array.from({ length: ORDERS }, (_, order) => `o${order}`);
  return await Promise.all(ids.map((id) => silo.actor(Order, id).read()));
}

it("keeps events over a restart on embedded storage: none is lost, none comes twice", async () => {
  attempts.clear();
  const folder = await temporaryFolder();
  const first = await start(folder);
  const access = topicsOf(first);
  const published: Promise<unknown>[] = [];
  for (let amount = 0; amount < PAYMENTS; amount++) {
    for (let order = 0; order < ORDERS; order++) {
      const payment = { orderId: `o${order}`, amount: order * 1_000 + amount };
      published.push(
        order % 2 === 0
          ? first.actor(Buyer, `b${order}`).pay(payment)
          : access.publish(payments, payment, { key: payment.orderId }),
      );
    }
  }
  await Promise.all(published);
  await first.stop();
  const second = await start(folder);
  await expect
    .poll(() => ordersOf(second), { timeout: 20_000 })
    .toEqual(
      Array.from({ length: ORDERS }, (_, order) =>
        Array.from({ length: PAYMENTS }, (_one, amount) => order * 1_000 + amount),
      ),
    );
  await expect
    .poll(() => topicsOf(second).operate(payments).lag(), { timeout: 20_000 })
    .toEqual([{ group: "Order.onPayment", events: 0 }]);
  await second.actor(Buyer, "b0").pay({ orderId: "o0", amount: 99 });
  await expect
    .poll(async () => (await second.actor(Order, "o0").read()).at(-1), { timeout: 20_000 })
    .toBe(99);
});

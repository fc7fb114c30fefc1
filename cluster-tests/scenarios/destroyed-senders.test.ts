import { describe, expect, it, vi } from "vitest";
import { Courier } from "../actors/courier.ts";
import { Ledger } from "../actors/ledger.ts";
import { FLAVOURS } from "../harness/backends.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 60_000 });

const COURIERS = 6;
const LEDGERS = ["ledger-0", "ledger-1", "ledger-2"] as const;

/** What one turn of a courier sends; it takes effect whole or not at all. */
interface Trip {
  readonly ledger: string;
  readonly operations: readonly number[];
  isAcknowledged: boolean;
}

describe.each(FLAVOURS)("actors that destroy themselves with what they send (%s)", (flavour) => {
  const clusters = usingClusters(flavour);

  it("have each send take effect once, though silos are killed", async () => {
    const cluster = clusters.create({ leaseTtl: "2s" });
    const [first, second] = await cluster.start(3);
    const client = await cluster.connect();
    const trips: Trip[] = [];
    let isOver = false;
    const travel = async (courier: string): Promise<void> => {
      while (!isOver) {
        const from = trips.length * 3;
        const ledger = LEDGERS[trips.length % LEDGERS.length] ?? LEDGERS[0];
        const trip: Trip = {
          ledger,
          operations: [from, from + 1, from + 2],
          isAcknowledged: false,
        };
        trips.push(trip);
        // oxlint-disable-next-line no-await-in-loop -- a courier has one trip at a time.
        await client
          .actor(Courier, courier)
          .leave(ledger, trip.operations)
          .then(
            () => void (trip.isAcknowledged = true),
            // Whether it took effect is found out from the ledgers.
            () => undefined,
          );
      }
    };
    const ids = Array.from({ length: COURIERS }, (_, index) => `courier-${index}`);
    const travels = ids.map((id) => travel(id));
    const arrive = (count: number): Promise<void> =>
      cluster.waitFor(
        `${count} trips are acknowledged`,
        () => trips.filter(({ isAcknowledged }) => isAcknowledged).length >= count,
      );
    await arrive(60);
    if (first !== undefined) await cluster.kill(first);
    await arrive(trips.length + 60);
    if (second !== undefined) await cluster.kill(second);
    await arrive(trips.length + 60);
    isOver = true;
    await Promise.all(travels);

    const read = async (): Promise<Map<string, readonly number[]>> => {
      const lists = await Promise.all(LEDGERS.map((id) => client.actor(Ledger, id).read()));
      return new Map(LEDGERS.map((id, index) => [id, lists[index] ?? []]));
    };
    await cluster.waitFor("everything has arrived", async () => {
      const ledgers = await read();
      return trips.every(({ ledger, operations, isAcknowledged }) => {
        const arrived = operations.filter((one) => ledgers.get(ledger)?.includes(one) === true);
        return arrived.length === 3 || (arrived.length === 0 && !isAcknowledged);
      });
    });
    for (const list of (await read()).values()) expect(list).toHaveLength(new Set(list).size);
  });
});

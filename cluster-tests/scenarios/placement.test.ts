import { describe, expect, it, vi } from "vitest";
import { Ledger } from "../actors/ledger.ts";
import { Relay } from "../actors/relay.ts";
import { FLAVOURS } from "../harness/backends.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 60_000 });

const IDS = Array.from({ length: 30 }, (_, index) => `placed-${index}`);

describe.each(FLAVOURS)("placement (%s)", (flavour) => {
  const clusters = usingClusters(flavour);

  it("brings calls from clients and from every silo to the one owner, and gives each silo its share", async () => {
    const cluster = clusters.create();
    const silos = await cluster.start(3);
    const [client, other] = await Promise.all([cluster.connect(), cluster.connect()]);
    const owners = await Promise.all(IDS.map((id) => client.actor(Ledger, id).where()));
    expect(new Set(owners)).toEqual(new Set(silos.map(({ pid }) => pid)));
    expect(await Promise.all(IDS.map((id) => other.actor(Ledger, id).where()))).toEqual(owners);

    const asked = await Promise.all(
      IDS.flatMap((relay) =>
        IDS.map(async (id) => ({ id, ...(await client.actor(Relay, relay).ask(id)) })),
      ),
    );
    expect(new Set(asked.map(({ asker }) => asker)).size).toBe(3);
    for (const { id, owner } of asked) expect(owner).toBe(owners[IDS.indexOf(id)]);
  });
});

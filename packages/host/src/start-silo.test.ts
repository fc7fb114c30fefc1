import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { type Principal, silentLogger } from "@troupe/core";
import { Actor, actor, state } from "@troupe/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "./connect.ts";
import type { SiloOptions } from "./public-options.ts";
import { type Silo, startSilo } from "./start-silo.ts";

@actor("Counter")
class Counter extends Actor {
  @state() accessor count = 0;

  async add(amount: number): Promise<number> {
    this.count += amount;
    return this.count;
  }

  async whoCalls(): Promise<Principal> {
    return this.context.principal;
  }
}

let folder: string;
let silos: Silo[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-silo-"));
  silos = [];
});

afterEach(async () => {
  await Promise.all(silos.map((silo) => silo.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<SiloOptions> = {}): Promise<Silo> {
  const silo = await startSilo({
    actors: [Counter],
    membership: `file:${folder}`,
    logger: silentLogger,
    ...options,
  });
  silos.push(silo);
  return silo;
}

describe("startSilo", () => {
  it("runs a cluster on a folder, which a client reaches and which keeps its state", async () => {
    const first = await start();
    const second = await start();
    const cluster = await connect({ membership: `file:${folder}`, logger: silentLogger });
    expect(await cluster.actor(Counter, "a").add(1)).toBe(1);
    expect(await first.actor(Counter, "a").add(1)).toBe(2);
    expect(await second.actor(Counter, "a").add(1)).toBe(3);
    await cluster.close();
    await Promise.all([first.stop(), second.stop()]);
    const later = await start();
    expect(await later.actor(Counter, "a").add(1)).toBe(4);
  });

  it("runs a cluster in memory, shared by the names of URL and cluster", async () => {
    const options = { membership: "memory:start-silo" };
    const first = await start(options);
    await start({ ...options, cluster: "other" });
    const second = await start(options);
    const cluster = await connect({ ...options, logger: silentLogger });
    expect(cluster.view.members.map(({ siloId }) => siloId)).toEqual(
      [first.siloId, second.siloId].toSorted(),
    );
    expect(await first.actor(Counter, "a").add(1)).toBe(1);
    expect(await cluster.actor(Counter, "a").add(1)).toBe(2);
    await cluster.close();
  });

  it("shows where it is and in which state to whoever prints it, and none of its insides", async () => {
    const silo = await start();
    expect(inspect(silo)).toBe(`Silo <${silo.siloId} at ${silo.address} of troupe, active>`);
    const cluster = await connect({ membership: `file:${folder}`, logger: silentLogger });
    expect(inspect(cluster)).toBe("Cluster <troupe, 1 silo>");
    await cluster.close();
    await silo.stop();
    expect(inspect(silo)).toContain(", not a member>");
  });

  it("keeps clusters of one folder apart by their names", async () => {
    const bank = await start({ cluster: "bank" });
    const shop = await start({ cluster: "shop" });
    await bank.actor(Counter, "a").add(5);
    expect(await shop.actor(Counter, "a").add(1)).toBe(1);
  });

  it("settles stopped after a stop, which may be repeated", async () => {
    const silo = await start();
    await Promise.all([silo.stop(), silo.stop()]);
    await silo.stop();
    await silo.stopped;
  });

  it("refuses wrong options before anything starts", async () => {
    await expect(start({ listen: "0.0.0.0:0" })).rejects.toMatchObject({ code: "BAD_CONFIG" });
    await expect(start({ actors: [] })).rejects.toThrow("give the actor classes");
    class Plain extends Actor {}
    await expect(start({ actors: [Plain] })).rejects.toMatchObject({ code: "BAD_DEFINITION" });
  });

  it("says which port is in use", async () => {
    const { address } = await start();
    await expect(start({ listen: address })).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringContaining(address),
    });
  });

  it("says within seconds that a store is not there", async () => {
    await expect(start({ storage: "redis://127.0.0.1:1" })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    await expect(start({ membership: "etcd://127.0.0.1:1" })).rejects.toMatchObject({
      code: "CLUSTER_UNAVAILABLE",
    });
    await expect(connect({ membership: "etcd://127.0.0.1:1" })).rejects.toMatchObject({
      code: "CLUSTER_UNAVAILABLE",
    });
  });

  it("says which PEM file is missing", async () => {
    const tls = { ca: join(folder, "ca.pem"), cert: "c", key: "k" };
    await expect(start({ tls })).rejects.toThrow(
      `tls.ca: there is no file ${join(folder, "ca.pem")}`,
    );
  });

  it("lets only those in who know the token", async () => {
    const membership = `file:${folder}`;
    await start({ token: "right-token" });
    const stranger = await connect({ membership, token: "wrong-token", logger: silentLogger });
    await expect(stranger.actor(Counter, "a").add(1)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      ran: "no",
    });
    await stranger.close();
    const friend = await connect({ membership, token: "right-token", logger: silentLogger });
    expect(await friend.actor(Counter, "a").add(1)).toBe(1);
    await friend.close();
  });

  it("says of a silo with the wrong token that it is UNAUTHENTICATED, whichever side dials", async () => {
    const warnings: string[] = [];
    const warn = (_: object, message: string): void => void warnings.push(message);
    const logger = { ...silentLogger, warn, child: () => logger };
    await start({ token: "right-token", logger });
    // Ids are drawn, and the one with the lower id dials.
    for (let times = 0; times < 3; times++) {
      const failed = start({ token: "wrong-token", leaseTtl: "2s" });
      await expect(failed).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
    // Once for those who dialled this silo, and once for each that this silo dialled.
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.length).toBeLessThanOrEqual(4);
    for (const warning of warnings) expect(warning).toMatch(/UNAUTHENTICATED|link refused/);
  }, 60_000);

  it("warns of what a token beyond this machine leaves open, and takes no half of the tokens", async () => {
    const warnings: string[] = [];
    const warn = (_: object, message: string): void => void warnings.push(message);
    const logger = { ...silentLogger, warn, child: () => logger };
    const listen = { listen: "0.0.0.0:0", advertise: "127.0.0.1:1" };
    await start({ token: "right-token", ...listen, logger });
    expect(warnings.join("\n")).toMatch(/tokens\.silo, tokens\.client[^]*not encrypted/);
    await expect(start({ tokens: { client: "for clients" } })).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringContaining("tokens.silo is missing"),
    });
  });

  it("knows clients by the names that they prove, and lets rules go by them", async () => {
    const membership = `file:${folder}`;
    const clients = { shop: "secret of shop", kiosk: "secret of kiosk" };
    const access = [{ caller: "shop", types: ["Counter"] }];
    await start({ tokens: { silo: "for silos", client: "for clients", clients }, access });
    const call = async (tokens: { client: string }, name?: string): Promise<unknown> => {
      const own = name === undefined ? { tokens } : { tokens, name };
      await using client = await connect({ membership, ...own, logger: silentLogger });
      return await client
        .actor(Counter, "a")
        .whoCalls()
        .catch((error: unknown) => error);
    };
    expect(await call({ client: clients.shop }, "shop")).toEqual({ role: "client", name: "shop" });
    const forbidden = { code: "FORBIDDEN", message: expect.stringContaining("lets kiosk call it") };
    expect(await call({ client: clients.kiosk }, "kiosk")).toMatchObject(forbidden);
    expect(await call({ client: clients.kiosk }, "shop")).toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect(await call({ client: "for clients" })).toMatchObject({ code: "FORBIDDEN" });
  });

  it("gives clients and operators what their tokens are for", async () => {
    const membership = `file:${folder}`;
    const tokens = { silo: "for silos", client: "for clients", operator: "for operators" };
    const silo = await start({ tokens });
    const client = await connect({
      membership,
      tokens: { client: tokens.client },
      logger: silentLogger,
    });
    const operator = await connect({
      membership,
      tokens: { operator: tokens.operator },
      logger: silentLogger,
    });
    expect(await client.actor(Counter, "a").add(1)).toBe(1);
    await expect(client.deadLetters(Counter, "a").list()).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    expect(await operator.deadLetters(Counter, "a").list()).toEqual([]);
    expect(silo.snapshot().state).toBe("active");
    await Promise.all([client.close(), operator.close()]);
  });
});

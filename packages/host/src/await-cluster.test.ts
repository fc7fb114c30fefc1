import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@troupe/core";
import { Actor, actor } from "@troupe/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "./connect.ts";
import type { ConnectOptions } from "./public-options.ts";
import { type Silo, startSilo } from "./start-silo.ts";

@actor("Greeter")
class Greeter extends Actor {
  async greet(): Promise<string> {
    return "hello";
  }
}

let folder: string;
let silos: Silo[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-wait-"));
  silos = [];
});

afterEach(async () => {
  await Promise.all(silos.map((silo) => silo.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(cluster: string, membership: string): Promise<Silo> {
  const silo = await startSilo({ actors: [Greeter], cluster, membership, logger: silentLogger });
  silos.push(silo);
  return silo;
}

function client(cluster: string, membership: string, wait?: ConnectOptions["wait"]) {
  const options = { cluster, membership, logger: silentLogger };
  return connect(wait === undefined ? options : { ...options, wait });
}

describe("connecting to a cluster that has never had a silo", () => {
  for (const kind of ["file", "memory"]) {
    const location = (): string => (kind === "file" ? `file:${folder}` : `memory:${folder}`);

    it(`fails, and names the cluster, the membership and the clusters that are there (${kind})`, async () => {
      await Promise.all([start("bank", location()), start("shop", location())]);
      await expect(client("bnak", location(), false)).rejects.toMatchObject({
        code: "CLUSTER_UNAVAILABLE",
        ran: "no",
        message: expect.stringMatching(
          new RegExp(`bnak .*${kind}:${folder}.*: bank, shop\\. Did you mean bank\\?`),
        ),
      });
    });

    it(`goes on when its first silo comes, if it is asked to wait (${kind})`, async () => {
      const connecting = client("bank", location(), true);
      await start("bank", location());
      const cluster = await connecting;
      expect(await cluster.actor(Greeter, "a").greet()).toBe("hello");
      await cluster.close();
    });

    it(`does not fail for a cluster whose silos are all away (${kind})`, async () => {
      await (await start("bank", location())).stop();
      const cluster = await client("bank", location(), false);
      expect(cluster.view.members).toEqual([]);
      await cluster.close();
    });
  }

  it("waits for as long as it is told, and then says how to wait longer", async () => {
    await expect(client("bank", `file:${folder}`, "150ms")).rejects.toThrow("wait: true");
  });

  it("makes no folder by looking", async () => {
    const absent = join(folder, "absent");
    await expect(client("bank", `file:${absent}`, false)).rejects.toThrow("there is no cluster");
    expect(existsSync(absent)).toBe(false);
  });

  it("refuses to wait for what is no time", async () => {
    await expect(client("bank", `file:${folder}`, "soon" as "1s")).rejects.toMatchObject({
      code: "BAD_CONFIG",
    });
  });
});

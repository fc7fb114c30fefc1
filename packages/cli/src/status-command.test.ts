import { AdminClient } from "@troupe/admin";
import { ADMIN_LINK } from "@troupe/client";
import { TroupeError } from "@troupe/core";
import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { showStatus } from "./status-command.ts";
import { printedBy, type Printed } from "./testing/printed.ts";

@actor("Account")
class Account extends Actor {
  async read(): Promise<void> {}
}

let cluster: TestCluster;
let admin: AdminClient;

beforeEach(async () => {
  cluster = await TestCluster.start({ actors: [Account], silos: 2, leaseTtlMs: 10_000 });
  admin = new AdminClient(cluster.client);
});

afterEach(async () => {
  for (const { membership } of cluster.silos) membership.reconnect();
  await cluster[Symbol.asyncDispose]();
});

function shown(flags: { check?: boolean; json?: boolean } = {}, of = admin): Promise<Printed> {
  const { check = false, json = false } = flags;
  return printedBy(() => cluster.run(showStatus(of, "test", { check, json })));
}

function firstId(): string {
  return cluster.silos[0]?.silo.siloId ?? "";
}

/** The cluster with this refusal of what a silo, or all silos, are asked. */
function withRefusals(error: TroupeError, siloOrMethod: string): AdminClient {
  const link = cluster.client[ADMIN_LINK];
  return new AdminClient({
    [ADMIN_LINK]: {
      ...link,
      askSilo: async (siloId, method, request) => {
        if (siloId === siloOrMethod || method === siloOrMethod) throw error;
        return await link.askSilo(siloId, method, request);
      },
    },
  });
}

describe("troupe status", () => {
  it("shows what the lease of each silo has left, and that nothing is wrong", async () => {
    const { code, out, err } = await shown({ check: true });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.match(/active +│ +\d\.\d of 10\.0 s/g)).toHaveLength(2);
    expect(JSON.parse((await shown({ json: true })).out)).toMatchObject({
      silos: [{ serving: true, unreached: {}, leaseTtlMs: 10_000 }, {}],
      problems: [],
    });
  });

  it("says which store a silo does not reach, and why, and fails only if it is to check", async () => {
    const hung = cluster.silos[0]?.stores.hold();
    const { code, out, err } = await shown();
    expect(code).toBe(0);
    expect(out).toContain("active, no state, no reminders");
    expect(err).toContain(`${firstId()} does not reach its store of states: no answer within`);
    expect(await shown({ check: true })).toMatchObject({ code: 1 });
    expect(JSON.parse((await shown({ check: true, json: true })).out)).toMatchObject({
      problems: [expect.stringContaining("states"), expect.stringContaining("reminders")],
    });
    hung?.release();
  });

  it("says of a silo that cannot renew its lease that it does not serve", async () => {
    for (const { membership } of cluster.silos.slice(0, 1)) membership.cutOff();
    await cluster.advance(9_500);
    const { code, out, err } = await shown({ check: true });
    expect(code).toBe(1);
    expect(out).toMatch(/active, not serving, no membership +│ +0\.0 of 10\.0 s/);
    expect(err).toContain(`${firstId()} does not serve`);
  });

  it("does not call a silo active that does not answer", async () => {
    const frozen = withRefusals(new TroupeError("TIMEOUT", "got no answer"), firstId());
    const { code, out, err } = await shown({}, frozen);
    expect(code).toBe(1);
    expect(out).toMatch(/active, no answer +│ +– /);
    expect(err).toContain(`${firstId()} did not answer`);
  });

  it("shows silos of versions that do not tell of their health", async () => {
    const unknown = new TroupeError("NO_SUCH_METHOD", "no admin method health");
    const older = withRefusals(unknown, "health");
    expect(await shown({ check: true }, older)).toMatchObject({ code: 0, err: "" });
  });
});

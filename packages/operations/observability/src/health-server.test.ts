import { INSPECT } from "@troupe/core";
import { ADMIN_LINK, type AdminLink } from "@troupe/client";
import { Actor, actor, startSilo, state } from "troupe";
import { afterEach, describe, expect, it } from "vitest";
import { serveHealth } from "./health-server.ts";
import { openTelemetry } from "./open-telemetry.ts";

@actor("Account")
class Account extends Actor {
  @state() accessor balance = 0;

  async deposit(amount: number): Promise<void> {
    if (amount < 0) throw new RangeError("negative");
    this.balance += amount;
  }
}

const opened: AsyncDisposable[] = [];

function kept<T extends AsyncDisposable>(value: T): T {
  opened.push(value);
  return value;
}

afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each[Symbol.asyncDispose]();
});

async function probe(url: string, method = "GET"): Promise<readonly [number, string]> {
  const response = await fetch(url, { method });
  return [response.status, (await response.text()).trim()];
}

const quiet = { membership: "memory:health", storage: "memory:health", logLevel: "error" } as const;

describe("the health of a silo", () => {
  it("is ready while it serves, and neither ready nor alive once it has stopped", async () => {
    const silo = kept(await startSilo({ ...quiet, cluster: "h1", actors: [Account] }));
    const { url } = kept(await serveHealth(silo, { port: 0 }));
    expect(await probe(`${url}/livez`)).toEqual([200, "ok"]);
    expect(await probe(`${url}/startupz`)).toEqual([200, "ok"]);
    expect(await probe(`${url}/readyz?from=test`)).toEqual([200, "ok"]);
    await silo.stop();
    expect(await probe(`${url}/readyz`)).toEqual([503, "the silo has stopped"]);
    expect(await probe(`${url}/livez`)).toEqual([503, "the silo has stopped"]);
  });

  it("names each thing that does not answer, and asks them once a second at most", async () => {
    let asked = 0;
    const link: Pick<AdminLink, "askSilo"> = {
      askSilo: async () => {
        asked++;
        const fine = { serving: true, leaseMarginMs: 1, leaseTtlMs: 2, membershipError: "" };
        return { ...fine, stateError: "no answer", remindersError: "refused" };
      },
    };
    const silo = {
      siloId: "s",
      snapshot: () => ({ state: "active", serving: true }),
      stopped: new Promise<void>(() => undefined),
      [ADMIN_LINK]: link as AdminLink,
      [INSPECT]: () => "a silo",
    };
    const { url } = kept(await serveHealth(silo, { port: 0 }));
    const probes = await Promise.all([1, 2, 3].map(() => probe(`${url}/readyz`)));
    for (const found of probes)
      expect(found).toEqual([503, "state: no answer\nreminders: refused"]);
    expect(asked).toBe(1);
  });

  it("is not ready while it drains, or is not sure of its lease", async () => {
    const now = { state: "draining", serving: true };
    const silo = {
      siloId: "s",
      snapshot: () => now,
      stopped: new Promise<void>(() => undefined),
      [ADMIN_LINK]: {} as AdminLink,
    };
    const { url } = kept(await serveHealth(silo, { port: 0 }));
    expect(await probe(`${url}/readyz`)).toEqual([503, "the silo is draining"]);
    Object.assign(now, { state: "active", serving: false });
    expect(await probe(`${url}/readyz`)).toEqual([503, "the silo is not sure of its lease"]);
  });

  it("answers other paths and methods with what there is", async () => {
    const silo = kept(await startSilo({ ...quiet, cluster: "h2", actors: [Account] }));
    const { url } = kept(await serveHealth(silo, { port: 0 }));
    expect(await probe(`${url}/metrics`)).toEqual([404, "there are /livez, /readyz, /startupz"]);
    expect(await probe(`${url}/livez`, "POST")).toEqual([405, "only GET and HEAD"]);
    expect(await probe(`${url}/livez`, "HEAD")).toEqual([200, ""]);
  });

  it("says where it could not listen", async () => {
    const silo = kept(await startSilo({ ...quiet, cluster: "h3", actors: [Account] }));
    const { url } = kept(await serveHealth(silo, { port: 0 }));
    const port = Number(new URL(url).port);
    await expect(serveHealth(silo, { port })).rejects.toThrow(
      `[BAD_CONFIG] health: cannot listen on 127.0.0.1:${port} (`,
    );
  });

  it("gives the numbers of the silo's turns as a page for Prometheus", async () => {
    const telemetry = kept(await openTelemetry());
    const options = { ...quiet, cluster: "h4", actors: [Account], metrics: telemetry.metrics };
    const silo = kept(await startSilo(options));
    const { url } = kept(await serveHealth(silo, { port: 0, telemetry }));
    const account = silo.actor(Account, "a");
    await account.deposit(1);
    await account.deposit(2);
    await expect(account.deposit(-1)).rejects.toThrow("negative");
    const [status, page] = await probe(`${url}/metrics`);
    expect(status).toBe(200);
    const labels = `silo="${silo.siloId}",type="Account",method="deposit"`;
    const line = (name: string, more: string, value: number): string =>
      `${name}{${labels}${more},otel_scope_name="troupe"} ${value}`;
    expect(page).toContain(line("troupe_turns_total", ',outcome="value"', 2));
    expect(page).toContain(line("troupe_turns_total", ',outcome="error"', 1));
    expect(page).toContain("# TYPE troupe_turn_duration_seconds histogram");
    expect(page).toContain(line("troupe_turn_duration_seconds_count", "", 3));
    expect(page).toContain("# TYPE troupe_lease_margin_seconds gauge");
  });
});

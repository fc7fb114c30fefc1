import { spawn } from "node:child_process";
import { describe, expect, it, vi } from "vitest";
import { COMMAND, commandFolder } from "./testing/command-folder.ts";
import type { Printed } from "./testing/printed.ts";

describe("troupe silo", () => {
  const folder = commandFolder();
  const askBank = (...args: readonly string[]): Promise<Printed> =>
    folder.ask(...args, "--cluster", "bank");

  it("serves calls and status, and drains on SIGTERM", async () => {
    folder.write("troupe.config.json", JSON.stringify({ cluster: "bank", logLevel: "warn" }));
    const silo = folder.start(["silo", "counter.ts", "--json"]);
    const ready = JSON.parse(await silo.line(silo.out, /^\{/)) as {
      siloId: string;
      address: string;
    };
    expect(await folder.run(["call", "Counter/a", "add", "5"])).toEqual({
      code: 0,
      out: "5",
      err: "",
    });
    expect(await askBank("call", "Counter/a", "add", "-2", "--json")).toEqual({
      code: 0,
      out: "3",
      err: "",
    });
    expect(await askBank("call", "Counter/a", "show", "--json")).toMatchObject({
      out: '{"id":"a","count":3}',
    });
    const status = await folder.run(["status", "--json"]);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.out)).toMatchObject({
      cluster: "bank",
      silos: [
        {
          ...ready,
          state: "active",
          ownership: 1,
          activations: 1,
          activationsByType: { Counter: 1 },
          error: null,
        },
      ],
    });
    expect(await askBank("status")).toMatchObject({
      code: 0,
      out: expect.stringContaining(ready.siloId),
    });
    silo.process.kill("SIGTERM");
    expect(await silo.exited).toBe(0);
    expect(silo.err.at(-1)).toBe(`silo ${ready.siloId} has left the cluster bank`);
    expect(await askBank("status", "--json")).toMatchObject({
      code: 1,
      out: expect.stringContaining('"silos":[]'),
    });
    folder.remove("troupe.config.json");
  });

  it("does not start with rules of access that name a type which it does not host", async () => {
    const access = [{ caller: "*", types: ["Conter"] }];
    folder.write("troupe.config.json", JSON.stringify({ access }));
    expect(await folder.run(["silo", "counter.ts"])).toEqual({
      code: 2,
      out: "",
      err: expect.stringMatching(
        /access\[0\]\.types: this silo hosts no type Conter; .*mean Counter\?/,
      ),
    });
    folder.remove("troupe.config.json");
  });

  it("drains when npx, which started it, has ended", async () => {
    // As npx does it: a shell stands between, and a signal ends both and not the silo.
    const starter = spawn(
      "sh",
      ["-c", '"$0" "$1" silo counter.ts & wait', process.execPath, COMMAND],
      {
        cwd: folder.path,
        env: { ...process.env, npm_command: "exec" },
        stdio: "ignore",
      },
    );
    const hasSilo = async (): Promise<boolean> => (await folder.ask("status")).code === 0;
    await vi.waitFor(async () => expect(await hasSilo()).toBe(true), { timeout: 20_000 });
    starter.kill("SIGKILL");
    await vi.waitFor(async () => expect(await hasSilo()).toBe(false), { timeout: 20_000 });
  });

  it("runs as several processes, of which one can be drained, and stops them together", async () => {
    const silos = folder.start(["silo", "counter.ts", "--processes", "2", "--json"]);
    await silos.line(silos.out, /^\{/, 2);
    const { silos: members } = JSON.parse((await folder.ask("status", "--json")).out) as {
      silos: { siloId: string; state: string }[];
    };
    expect(members.map(({ state }) => state)).toEqual(["active", "active"]);

    // What an actor threw, and what it does not have, ends the call with 1.
    expect(await folder.ask("call", "Counter/a", "fail")).toMatchObject({
      code: 1,
      out: "",
      err: "RangeError: not today",
    });
    const missing = await folder.ask("call", "Counter/a", "nothing", "--json");
    expect(missing.code).toBe(1);
    expect(JSON.parse(missing.err)).toMatchObject({ error: { code: "NO_SUCH_METHOD", ran: "no" } });
    expect(await folder.ask("call", "Nobody/a", "x")).toMatchObject({
      code: 1,
      err: expect.stringContaining("[NO_SUCH_ACTOR_TYPE]"),
    });

    expect(await folder.ask("call", "Counter/a", "remind")).toMatchObject({ code: 0 });
    expect(JSON.parse((await folder.ask("actors", "Counter", "--json")).out)).toMatchObject({
      actors: [{ type: "Counter", id: "a" }],
    });
    expect(JSON.parse((await folder.ask("reminders", "--json")).out)).toMatchObject({
      reminders: [{ id: "a", name: "nag" }],
    });
    const ofActor = JSON.parse(
      (await folder.ask("reminders", "Counter/a", "--json")).out,
    ) as unknown;
    expect(ofActor).toMatchObject({
      actor: "Counter/a",
      reminders: [{ name: "nag", count: 0, failed: 0 }],
    });
    expect(await folder.ask("letters", "--json")).toMatchObject({ code: 0, out: '{"actors":[]}' });

    const unknown = await folder.ask("drain", "nobody");
    expect(unknown).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining(`\n  ${members[1]?.siloId} at 127.0.0.1:`),
    });
    const siloId = members[0]?.siloId ?? "";
    const drained = await folder.run(["drain", siloId.slice(0, 8), "--json"]);
    expect({ code: drained.code, out: JSON.parse(drained.out) as unknown }).toMatchObject({
      code: 0,
      out: { siloId, drained: true },
    });
    await silos.line(silos.err, /^silo [12] was drained/);
    expect(await folder.ask("call", "Counter/a", "add", "1")).toMatchObject({ code: 0, out: "1" });

    silos.process.kill("SIGINT");
    expect(await silos.exited).toBe(0);
    expect(await folder.ask("status")).toMatchObject({ code: 1 });
  });
});

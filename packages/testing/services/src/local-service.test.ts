import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { realTime, waitUntil } from "@troupe/testkit";
import { findBinary } from "./find-binary.ts";
import { startLocalService } from "./local-service.ts";
import { POSTGRES, startPostgres } from "./postgres-service.ts";
import { REDIS, startRedis } from "./redis-service.ts";
import { startService } from "./start-service.ts";
import type { ServiceKind } from "./test-service.ts";

const portOf = (url: string): number => Number(new URL(url).port);

describe("a local service", () => {
  it("answers on its URL, keeps it through a restart, and is gone after stop", async () => {
    const redis = await startRedis({ faults: true });
    const port = portOf(redis.url);
    expect(await REDIS.answers(port)).toBe(true);
    await redis.kill();
    expect(await REDIS.answers(port)).toBe(false);
    await redis.restart();
    expect(await REDIS.answers(port)).toBe(true);
    await redis.stop();
    await redis.stop();
    expect(await REDIS.answers(port)).toBe(false);
  });

  it("is paused and killed with the processes that it has started, and keeps its data", async () => {
    const postgres = await startPostgres({ faults: true });
    const port = portOf(postgres.url);
    expect(await POSTGRES.answers(port)).toBe(true);
    await postgres.pause();
    expect(await POSTGRES.answers(port)).toBe(false);
    await postgres.resume();
    await expect.poll(() => POSTGRES.answers(port), { timeout: 10_000 }).toBe(true);
    await postgres.kill();
    expect(await POSTGRES.answers(port)).toBe(false);
    await postgres.restart();
    expect(await POSTGRES.answers(port)).toBe(true);
    await postgres.stop();
    expect(await POSTGRES.answers(port)).toBe(false);
  });

  it("says why a server does not start", async () => {
    const failing: ServiceKind = { ...REDIS, localArgs: () => ["--no-such-option", "1"] };
    await expect(startLocalService(failing, findBinary("redis-server") ?? "")).rejects.toThrow(
      /did not start.*ended with 1/s,
    );
  });

  it("dies, and leaves no folder, with the process that started it", async () => {
    const script = `
      import { REDIS, startRedis } from ${JSON.stringify(new URL("./redis-service.ts", import.meta.url).href)};
      let folder = "";
      const localArgs = REDIS.localArgs;
      REDIS.localArgs = (place) => ((folder = place.folder), localArgs(place));
      const redis = await startRedis({ faults: true });
      console.log(JSON.stringify({ url: redis.url, folder }));
    `;
    const owner = spawn(
      process.execPath,
      [
        "--conditions=@troupe/source",
        "--experimental-transform-types",
        "--no-warnings",
        "--input-type=module",
        "-e",
        script,
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const line = await new Promise<string>((resolve) => {
      owner.stdout.once("data", (data: Buffer) => resolve(data.toString()));
    });
    const { url, folder } = JSON.parse(line) as { url: string; folder: string };
    expect(await REDIS.answers(portOf(url))).toBe(true);
    expect(existsSync(folder)).toBe(true);
    const ended = once(owner, "exit");
    owner.kill("SIGKILL");
    await ended;
    await waitUntil(realTime, "the server's folder is gone", () => !existsSync(folder));
    expect(await REDIS.answers(portOf(url))).toBe(false);
  });
});

describe("finding a service", () => {
  const absent: ServiceKind = {
    ...REDIS,
    variable: "TROUPE_TEST_ABSENT",
    binary: "no-such-server",
  };

  it("takes the one that the environment names, and does not stop it", async () => {
    const redis = await startRedis({ faults: true });
    process.env[absent.variable] = redis.url;
    try {
      const given = await startService(absent);
      expect(given.url).toBe(redis.url);
      await given.stop();
      expect(await REDIS.answers(portOf(redis.url))).toBe(true);
      await expect(given.kill()).rejects.toThrow("{ faults: true }");
    } finally {
      delete process.env[absent.variable];
      await redis.stop();
    }
  });
});

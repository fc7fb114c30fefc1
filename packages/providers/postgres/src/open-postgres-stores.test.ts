import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, silentLogger, systemClock } from "@troupe/core";
import { startPostgres, type TestService } from "@troupe/services";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openPostgresStores, type PostgresStores } from "./open-postgres-stores.ts";

/** The role `app` has to show its password; everybody else is let in. */
const WHO_MAY_CONNECT = `
host all app 127.0.0.1/32 scram-sha-256
host all stranger 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
`;

let folder: string;
let postgres: TestService;
let admin: Client;
let opened: PostgresStores[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "troupe-hba-"));
  await chmod(folder, 0o755);
  const file = join(folder, "pg_hba.conf");
  await writeFile(file, WHO_MAY_CONNECT, { mode: 0o644 });
  postgres = await startPostgres({ args: ["-c", `hba_file=${file}`] });
  admin = new Client(postgres.url);
  await admin.connect();
  await admin.query("CREATE ROLE app LOGIN PASSWORD 'right'; CREATE ROLE stranger LOGIN");
});
afterAll(async () => {
  await admin.end();
  await postgres.stop();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  opened = [];
});
afterEach(async () => {
  for (const stores of opened) await stores.close();
});

async function open(url = postgres.url, logger: Logger = silentLogger): Promise<PostgresStores> {
  const stores = await openPostgresStores({ url, cluster: "bank", clock: systemClock, logger });
  opened.push(stores);
  return stores;
}

/** The URL of the same server for another user. */
function urlFor(user: string, rest = "/postgres"): string {
  return `postgres://${user}@${new URL(postgres.url).host}${rest}`;
}

describe("opening", () => {
  it("rejects a wrong URL as BAD_CONFIG, and says the right form", async () => {
    await expect(open("postgres://me:hidden@h")).rejects.toThrow(
      /BAD_CONFIG.*give a host and a database/,
    );
    await expect(open("postgres://me:hidden@h")).rejects.not.toThrow(/hidden/);
  });

  it("rejects with STORE_UNAVAILABLE that names the address where nothing listens", async () => {
    await expect(open("postgres://me@127.0.0.1:1/bank")).rejects.toThrow(
      /STORE_UNAVAILABLE.*127\.0\.0\.1:1\/bank does not answer.*ECONNREFUSED/,
    );
  });

  it("asks for the password, refuses a wrong one as BAD_CONFIG without showing it, and takes the right one", async () => {
    await admin.query("GRANT CREATE ON DATABASE postgres TO app");
    await expect(open(urlFor("app"))).rejects.toThrow(/BAD_CONFIG.*asks for a password/);
    await expect(open(urlFor("app:hidden"))).rejects.toThrow(
      /BAD_CONFIG.*does not accept the user or password/,
    );
    await expect(open(urlFor("app:hidden"))).rejects.not.toThrow(/hidden/);
    const { stateStore } = await open(urlFor("app:right"));
    expect(await stateStore.identify("one", "keep")).toBe("one");
    await admin.query('DROP SCHEMA "troupe_bank" CASCADE');
    await admin.query("REVOKE CREATE ON DATABASE postgres FROM app");
  });

  it("rejects as BAD_CONFIG who is not let in, and a database that is not there", async () => {
    await expect(open(urlFor("stranger"))).rejects.toThrow(/BAD_CONFIG.*pg_hba\.conf/);
    await expect(open(urlFor("postgres", "/missing"))).rejects.toThrow(
      /BAD_CONFIG.*no database of that name/,
    );
    await expect(open(urlFor("postgres", "/postgres?sslmode=require"))).rejects.toThrow(
      /BAD_CONFIG.*does not speak TLS/,
    );
  });

  it("rejects as BAD_CONFIG a user who may make no tables, and takes one who owns the schema", async () => {
    await expect(open(urlFor("app:right"))).rejects.toThrow(
      /BAD_CONFIG.*GRANT CREATE ON DATABASE.*permission denied/,
    );
    await admin.query('CREATE SCHEMA "troupe_bank" AUTHORIZATION app');
    const { stateStore } = await open(urlFor("app:right"));
    expect(await stateStore.list({ limit: 10 })).toEqual({ addresses: [], next: undefined });
    await admin.query('DROP SCHEMA "troupe_bank" CASCADE');
  });

  it("rejects with STORE_UNAVAILABLE where nothing can be written", async () => {
    await admin.query("ALTER ROLE postgres SET default_transaction_read_only = on");
    await expect(open(urlFor("postgres"))).rejects.toThrow(
      /STORE_UNAVAILABLE.*read-only.*give the address of the primary/,
    );
    await admin.query("ALTER ROLE postgres RESET default_transaction_read_only");
  });

  it("is done by several silos at once, on tables that one of them makes", async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => open()));
    const claims = await Promise.all(
      all.map(({ stateStore }, index) =>
        stateStore.claim({ type: "Account", id: "alice" }, { revision: index, siloId: "silo" }),
      ),
    );
    expect(claims.some(({ kind }) => kind === "claimed")).toBe(true);
  });

  it("leaves alone what a newer Troupe has stored", async () => {
    await open();
    await admin.query(`UPDATE "troupe_bank".facts SET value = '2' WHERE name = 'format'`);
    await expect(open()).rejects.toThrow(
      /BAD_CONFIG.*another version of Troupe.*troupe_bank.*update this silo/,
    );
    await admin.query(`UPDATE "troupe_bank".facts SET value = '1' WHERE name = 'format'`);
  });

  it("warns once when what is acknowledged could be lost, and not when it could not", async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => warnings.push(message) };
    await open(postgres.url, logger);
    expect(warnings).toEqual([]);
    await admin.query("ALTER ROLE postgres SET synchronous_commit = off");
    await open(postgres.url, logger);
    expect(warnings).toEqual([expect.stringContaining("set synchronous_commit on")]);
    await admin.query("ALTER ROLE postgres RESET synchronous_commit");
  });

  it("says what to install when the client is not there", async () => {
    const at = JSON.stringify(new URL("./open-postgres-stores.ts", import.meta.url).href);
    const script = `
      import { registerHooks } from "node:module";
      registerHooks({
        resolve(specifier, context, next) {
          if (specifier !== "pg") return next(specifier, context);
          throw Object.assign(new Error("no pg"), { code: "ERR_MODULE_NOT_FOUND" });
        },
      });
      const { openPostgresStores } = await import(${at});
      const clock = { schedule: () => ({ cancel() {} }), now: () => 0, monotonic: () => 0 };
      await openPostgresStores({ url: "postgres://h/d", cluster: "c", clock, logger: console })
        .catch((error) => console.log(error.message));
    `;
    const child = spawn(
      process.execPath,
      [
        "--conditions=@troupe/source",
        "--experimental-transform-types",
        "--no-warnings",
        "--input-type=module",
        "-e",
        script,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    await once(child, "close");
    expect(output).toMatch(/BAD_CONFIG.*not installed; run npm install pg/);
  });
});

describe("a PostgreSQL that goes on", () => {
  it("keeps the silo's store when a DBA ends its connections", async () => {
    const { stateStore, reminderStore } = await open();
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'troupe'",
    );
    await expect
      .poll(async () => {
        const [one, other] = await Promise.allSettled([
          stateStore.identify("m", "keep"),
          reminderStore.due([1], 1, 1),
        ]);
        return [one.status, other.status];
      })
      .toEqual(["fulfilled", "fulfilled"]);
  });
});

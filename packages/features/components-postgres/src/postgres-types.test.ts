import {
  bindingSuite,
  type ConfigurationTrial,
  configurationStoreSuite,
  stateComponentSuite,
} from "@troupe/conformance";
import {
  type ComponentContext,
  type ComponentPorts,
  type ComponentType,
  silentLogger,
  sleep,
  systemClock,
} from "@troupe/core";
import { startPostgres, type TestService } from "@troupe/services";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { postgresTypes } from "./postgres-types.ts";

const CONTEXT: ComponentContext = {
  name: "test",
  appId: "shop",
  clock: systemClock,
  logger: silentLogger,
  folder: ".",
};

type Block = "state" | "configuration" | "bindings";

let service: TestService;
let raw: Client;
let schemas = 0;

beforeAll(async () => {
  service = await startPostgres({ faults: true });
  raw = await connectRaw();
});
afterAll(async () => {
  await raw.end();
  await service.stop();
});

async function connectRaw(): Promise<Client> {
  const client = new Client(service.url);
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** A schema that nothing else uses. */
async function newSchema(): Promise<string> {
  const schema = `components_${process.pid}_${++schemas}`;
  await raw.query(`CREATE SCHEMA ${schema}`);
  return schema;
}

async function dropSchema(schema: string): Promise<void> {
  await raw.query(`DROP SCHEMA ${schema} CASCADE`);
}

async function open<B extends Block>(
  block: B,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<ComponentPorts[B]> {
  const type = postgresTypes.find((one) => one.type === `${block}.postgresql`) as ComponentType;
  const all = {
    connectionString: service.url,
    timeout: 2_000,
    maxConns: 4,
    connectionMaxIdleTime: 30_000,
    tablePrefix: "",
    metadataTableName: "dapr_metadata",
    cleanupInterval: 0,
    ...settings,
  };
  // A type of the block opens the port of the block.
  return (await type.open(all, CONTEXT)) as ComponentPorts[B];
}

function stateIn(schema: string, settings = {}): Promise<ComponentPorts["state"]> {
  const place = { tablePrefix: `${schema}.`, metadataTableName: `${schema}.dapr_metadata` };
  return open("state", { ...place, ...settings });
}

async function newState(settings = {}): Promise<[ComponentPorts["state"], string]> {
  const schema = await newSchema();
  const state = await stateIn(schema, settings);
  onTestFinished(async () => {
    await state.close();
    await dropSchema(schema);
  });
  return [state, schema];
}

stateComponentSuite({
  name: "state.postgresql",
  open: async () => {
    const schema = await newSchema();
    const opened: ComponentPorts["state"][] = [];
    return {
      openHandle: async () => {
        const component = await stateIn(schema);
        opened.push(component);
        return { component, pass: (ms) => sleep(systemClock, ms) };
      },
      dispose: async () => {
        for (const component of opened) await component.close();
        await dropSchema(schema);
      },
    };
  },
});

configurationStoreSuite({
  name: "configuration.postgresql",
  open: async () => {
    const schema = await newSchema();
    await raw.query(`
      CREATE TABLE ${schema}.settings (key text PRIMARY KEY, value text NOT NULL, version text, metadata json);
      CREATE FUNCTION ${schema}.tell() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('${schema}', '{}'); RETURN NULL; END $$;
      CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON ${schema}.settings
        FOR EACH ROW EXECUTE FUNCTION ${schema}.tell()`);
    const opened: ConfigurationTrial["component"][] = [];
    let version = 0;
    return {
      openHandle: async () => {
        const table = `${schema}.settings`;
        const component = await open("configuration", { table, pgNotifyChannel: schema });
        opened.push(component);
        return {
          component,
          put: async (key: string, value: string | undefined) => {
            if (value === undefined)
              await raw.query(`DELETE FROM ${schema}.settings WHERE key = $1`, [key]);
            else
              await raw.query(
                `INSERT INTO ${schema}.settings VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET value = $2, version = $3`,
                [key, value, String(++version)],
              );
          },
          breakWatches: async () => {
            await raw.query(
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN "${schema}"%' OR (application_name = 'troupe' AND query = 'SELECT 1')`,
            );
          },
        };
      },
      dispose: async () => {
        for (const component of opened) await component.close();
        await dropSchema(schema);
      },
    };
  },
});

function asking(operation: string, sql?: string, params?: string) {
  const given = sql === undefined ? {} : { sql };
  const metadata = params === undefined ? given : { ...given, params };
  return { operation, data: undefined, metadata };
}

const { signal } = new AbortController();

bindingSuite({
  name: "bindings.postgresql",
  open: async () => {
    const component = await open("bindings");
    return {
      openHandle: async () => ({
        component,
        echo: (text: string) => [asking("query", "SELECT $1::text", JSON.stringify([text]))],
        textIn: (data: string) => (JSON.parse(data) as [[string]])[0][0],
        refused: [asking("exec", "INSERT INTO nowhere VALUES (1)"), asking("query", "SELEC")],
        wrong: [asking("exec"), asking("query", "SELECT 1", "{}"), asking("query", "", "[")],
        unanswered: asking("query", "SELECT pg_sleep(60)"),
      }),
      dispose: () => component.close(),
    };
  },
});

describe("state.postgresql", () => {
  it("shares its items with Dapr, and notes that it has made Dapr's table", async () => {
    const [state, schema] = await newState();
    await state.write([{ kind: "set", key: "shop||1", data: '{"total":5}' }]);
    const { rows } = await raw.query(
      `SELECT key, convert_from(value, 'UTF8') AS value, expires_at FROM ${schema}.state`,
    );
    expect(rows).toEqual([{ key: "shop||1", value: '{"total":5}', expires_at: null }]);
    const notes = await raw.query(`SELECT key, value FROM ${schema}.dapr_metadata`);
    expect(notes.rows).toEqual([{ key: `migrations-state-v2-${schema}.`, value: "1" }]);
    await raw.query(
      `INSERT INTO ${schema}.state (key, value) VALUES ('shop||2', convert_to('[1]', 'UTF8'))`,
    );
    const [item] = await state.read(["shop||2"], "strong");
    expect(item?.data).toBe("[1]");
    const condition = { kind: "etag", etag: item?.etag ?? "" } as const;
    const change = { kind: "set", key: "shop||2", data: "2", condition } as const;
    expect(await state.write([change])).toMatchObject([{ kind: "stored" }]);
    expect(await state.write([change])).toEqual([{ kind: "conflict" }]);
  });

  it("removes what is over", async () => {
    const [state, schema] = await newState({ cleanupInterval: 100 });
    await state.write([
      { kind: "set", key: "a", data: "1", ttlMs: 1 },
      { kind: "set", key: "b", data: "1" },
    ]);
    await vi.waitFor(
      async () => {
        const { rows } = await raw.query(`SELECT key FROM ${schema}.state`);
        expect(rows).toEqual([{ key: "b" }]);
      },
      { timeout: 10_000 },
    );
  });

  it("lets many open it at once on an empty schema", async () => {
    const schema = await newSchema();
    const opened = await Promise.all(Array.from({ length: 5 }, () => stateIn(schema)));
    await Promise.all(opened.map((state) => state.close()));
    await dropSchema(schema);
  });

  it("fails in time while the server says nothing, and goes on by itself", async () => {
    const [state] = await newState({ timeout: 500 });
    await service.pause();
    try {
      const written = state.write([{ kind: "set", key: "a", data: "1" }]);
      await expect(written).rejects.toMatchObject({ code: "COMPONENT_UNAVAILABLE" });
    } finally {
      await service.resume();
    }
    expect(await state.write([{ kind: "set", key: "a", data: "2" }])).toMatchObject([
      { kind: "stored" },
    ]);
  });

  it("loses nothing that it acknowledged when the server is killed, and goes on", async () => {
    const [state] = await newState();
    await state.write([{ kind: "set", key: "a", data: "1" }]);
    await service.kill();
    const away = state.write([{ kind: "set", key: "b", data: "1" }]);
    await expect(away).rejects.toMatchObject({ code: "COMPONENT_UNAVAILABLE" });
    await service.restart();
    await raw.end();
    raw = await connectRaw();
    await vi.waitFor(async () => expect((await state.read(["a"], "strong"))[0]?.data).toBe("1"), {
      timeout: 10_000,
    });
  });

  it.each([
    ["postgres://127.0.0.1:1/x", "COMPONENT_UNAVAILABLE"],
    ["host=127.0.0.1 port=1 password='it''s'", "BAD_CONFIG"],
    ["host=127.0.0.1 port=1 password='its secret'", "COMPONENT_UNAVAILABLE"],
    ["host=127.0.0.1 port=x", "BAD_CONFIG"],
    ["whatever", "BAD_CONFIG"],
    ["postgres://127.0.0.1:1/x?sslmode=maybe", "BAD_CONFIG"],
  ])("says what is wrong with %s", async (connectionString, code) => {
    const opened = open("state", { connectionString });
    await expect(opened).rejects.toMatchObject({ code });
    await expect(opened).rejects.not.toThrow(/secret/);
  });

  it("opens with pairs as Dapr's examples have them, and refuses a name that is none", async () => {
    const { hostname, port } = new URL(service.url);
    const connectionString = `host=${hostname} port=${port} user=postgres connect_timeout=10 database=postgres`;
    const [state] = await newState({ connectionString });
    expect(await state.read(["a"], "strong")).toEqual([undefined]);
    const evil = open("state", { tablePrefix: "a; DROP TABLE b; --" });
    await expect(evil).rejects.toMatchObject({ code: "BAD_CONFIG" });
  });
});

describe("bindings.postgresql", () => {
  it("gives rows as lists, and how many were changed", async () => {
    const schema = await newSchema();
    const binding = await open("bindings");
    const invoke = async (operation: string, sql: string, params?: string) => {
      const { data, metadata } = await binding.invoke({
        ...asking(operation, sql, params),
        signal,
      });
      return { text: new TextDecoder().decode(data), metadata };
    };
    await invoke("exec", `CREATE TABLE ${schema}.orders (id integer, note jsonb)`);
    const insert = `INSERT INTO ${schema}.orders VALUES ($1, $2), (2, NULL)`;
    const injected = JSON.stringify([1, { a: "'); DROP TABLE orders; --" }]);
    expect((await invoke("exec", insert, injected)).metadata).toMatchObject({
      operation: "exec",
      "rows-affected": "2",
    });
    const { text } = await invoke(
      "query",
      `SELECT id, note->>'a' FROM ${schema}.orders ORDER BY id`,
    );
    expect(JSON.parse(text)).toEqual([
      [1, "'); DROP TABLE orders; --"],
      [2, null],
    ]);
    await dropSchema(schema);
    await invoke("close", "");
    await expect(invoke("query", "SELECT 1")).rejects.toMatchObject({
      code: "COMPONENT_UNAVAILABLE",
    });
  });

  it("ends a statement that nobody waits for any more", async () => {
    const binding = await open("bindings");
    onTestFinished(() => binding.close());
    const given = new AbortController();
    const text = "SELECT pg_sleep(61)";
    const invoked = binding.invoke({ ...asking("query", text), signal: given.signal });
    const running = async (): Promise<number | null> =>
      (
        await raw.query("SELECT 1 FROM pg_stat_activity WHERE query = $1 AND state = 'active'", [
          text,
        ])
      ).rowCount;
    await vi.waitFor(async () => expect(await running()).toBe(1), { timeout: 5_000 });
    given.abort();
    await expect(invoked).rejects.toMatchObject({ code: "CANCELLED" });
    await vi.waitFor(async () => expect(await running()).toBe(0), { timeout: 5_000 });
  });
});

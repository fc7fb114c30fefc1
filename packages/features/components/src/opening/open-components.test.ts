import { fileURLToPath } from "node:url";
import {
  type ComponentType,
  componentType,
  type Logger,
  silentLogger,
  type StateComponent,
  TroupeError,
} from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { InMemoryItems, InMemoryState } from "../kinds/in-memory-state.ts";
import type { ComponentDeclaration } from "../reading/read-declarations.ts";
import { openComponents, type OpenComponentsOptions } from "./open-components.ts";

const DAPR = fileURLToPath(new URL("../../golden/dapr", import.meta.url));

/** What a test sees of the components of its own types. */
class Seen {
  readonly settings: unknown[] = [];
  readonly events: string[] = [];
}

/** Types under Dapr's names that only note what they are opened with. */
function noteTypes(seen: Seen, failing: readonly string[] = []): ComponentType[] {
  const open = async (settings: unknown, name: string): Promise<StateComponent> => {
    if (failing.includes(name)) throw new Error(`no route to ${JSON.stringify(settings)}`);
    seen.settings.push(settings);
    seen.events.push(`open ${name}`);
    return new NotedState(name, seen);
  };
  return [
    componentType({
      type: "state.postgresql",
      block: "state",
      versions: ["v2", "v1"],
      summary: "For tests.",
      metadata: {
        connectionString: { kind: "text", required: true, secret: true, doc: "Where it is." },
        cleanupInterval: { kind: "duration", default: "1h", doc: "How often." },
        maxConns: { kind: "integer", doc: "How many." },
      },
      open: (settings, { name }) => open(settings, name),
    }),
    componentType({
      type: "state.redis",
      block: "state",
      summary: "For tests.",
      metadata: {
        redisHost: { kind: "text", required: true, doc: "Where it is." },
        redisPassword: { kind: "text", secret: true, doc: "What it asks for." },
        enableTLS: { kind: "boolean", default: "false", doc: "Whether it is hidden." },
        redisDB: { kind: "integer", default: "0", doc: "Which one." },
        hosts: { kind: "list", default: "", doc: "More of them." },
      },
      open: (settings, { name }) => open(settings, name),
    }),
  ];
}

class NotedState extends InMemoryState {
  readonly #name: string;
  readonly #seen: Seen;

  constructor(name: string, seen: Seen) {
    super(new InMemoryItems(), new VirtualClock());
    this.#name = name;
    this.#seen = seen;
  }

  override async close(): Promise<void> {
    this.#seen.events.push(`close ${this.#name}`);
  }
}

async function refusal(options: Partial<OpenComponentsOptions>): Promise<TroupeError> {
  try {
    await openComponents({ components: [], appId: "shop", ...options });
  } catch (error) {
    if (error instanceof TroupeError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function logInto(lines: object[]): Logger {
  const log: Logger = {
    ...silentLogger,
    warn: (fields, message) => void lines.push({ ...fields, message }),
    child: () => log,
  };
  return log;
}

describe("openComponents", () => {
  it("opens a folder of Dapr's, with secrets, variables and defaults", async () => {
    const seen = new Seen();
    const warnings: object[] = [];
    const components = await openComponents({
      components: DAPR,
      appId: "shop",
      types: noteTypes(seen),
      variables: { REDIS_PASSWORD: "hush" },
      logger: logInto(warnings),
    });
    expect(seen.settings).toEqual([
      {
        keyPrefix: "appid",
        connectionString: "postgres://shop:pa55word@db/orders",
        cleanupInterval: 90_000,
        maxConns: 12,
      },
      {
        keyPrefix: "appid",
        redisHost: "localhost:6379",
        redisPassword: "hush",
        enableTLS: false,
        redisDB: 0,
        hosts: ["one", "two"],
      },
    ]);
    expect(warnings).toEqual([
      {
        event: "metadata_ignored",
        component: "orders",
        metadata: "ActorStateStore",
        reason: "actors have a storage of their own",
        message: "metadata has no effect here",
      },
    ]);
    expect(components.list().map(({ name, version, health }) => [name, version, health])).toEqual([
      ["vault", "v1", "open"],
      ["orders", "v2", "open"],
      ["cache", "v1", "open"],
    ]);
    await components.close();
    await components.close();
    expect(seen.events).toEqual(["open orders", "open cache", "close cache", "close orders"]);
  });

  it("leaves out what other applications have", async () => {
    const seen = new Seen();
    await using components = await openComponents({
      components: DAPR,
      appId: "warehouse",
      types: noteTypes(seen),
      variables: { REDIS_PASSWORD: "" },
    });
    expect(() => components.state("orders")).toThrow(
      "[NO_SUCH_COMPONENT] no component state.* is named orders; there are cache",
    );
    expect(() => components.state("cahce")).toThrow("did you mean cache?");
    expect(() => components.lock("cache")).toThrow("there are none");
  });

  it("says everything that is wrong with declarations at once, and opens nothing", async () => {
    const seen = new Seen();
    const components: ComponentDeclaration[] = [
      { name: "one", type: "state.redsi" },
      { name: "two", type: "state.redis", metadata: { redisHots: "x", enableTLS: "maybe" } },
      {
        name: "two",
        type: "state.redis",
        version: "v7",
        metadata: { redisHost: "h", REDISHOST: "i" },
      },
      {
        name: "three",
        type: "state.postgresql",
        metadata: { connectionString: { secretKeyRef: { name: "db" } }, cleanupInterval: 5 },
      },
      {
        name: "four",
        type: "state.postgresql",
        secretStore: "two",
        metadata: { connectionString: { secretKeyRef: { name: "db" } } },
      },
    ];
    const error = await refusal({ components, types: noteTypes(seen), callTimeout: -1 });
    expect(error.code).toBe("BAD_CONFIG");
    expect(error.detail.split("\n").slice(1)).toEqual([
      expect.stringContaining("callTimeout: -1: give milliseconds"),
      "  components[2]: two is declared in components[1] already",
      "  components[0]: one: there is no type state.redsi; did you mean state.redis?",
      "  components[1].metadata.redisHots: two: state.redis has no metadata redisHots; did you mean redisHost?",
      "  components[1]: two: the metadata redisHost is missing: Where it is.",
      '  components[1].metadata.enableTLS: two: enableTLS "maybe": give true or false',
      "  components[2]: two: state.redis has no version v7; there is v1",
      "  components[2].metadata.REDISHOST: two: the metadata redisHost is given twice",
      "  components[3].metadata.connectionString: three: connectionString is in a secret, so name the secret store (auth.secretStore)",
      '  components[3].metadata.cleanupInterval: three: cleanupInterval "5": give a duration with its unit, such as 5s, 250ms or 1m30s',
      "  components[4]: four: two is no secret store; there are none",
    ]);
    expect(seen.events).toEqual([]);
  });

  it("says which secrets and variables are missing, and shows no secret", async () => {
    const error = await refusal({
      types: noteTypes(new Seen()),
      variables: {},
      components: [
        {
          name: "files",
          type: "secretstores.local.file",
          metadata: { secretsFile: `${DAPR}/secrets.json`, multiValued: true },
        },
        {
          name: "one",
          type: "state.redis",
          secretStore: "files",
          metadata: {
            redisHost: { secretKeyRef: { name: "nothing" } },
            redisPassword: { secretKeyRef: { name: "orders-db", key: "password" } },
            redisDB: { secretKeyRef: { name: "orders-db", key: "url" } },
            enableTLS: { envRef: "TLS" },
          },
        },
      ],
    });
    expect(error.detail.split("\n").slice(1)).toEqual([
      "  components[1].metadata.redisHost: one: redisHost is in the secret nothing, which files does not have",
      "  components[1].metadata.redisPassword: one: redisPassword is under the key password of the secret orders-db in files, which has only url",
      "  components[1].metadata.redisDB: one: redisDB (not shown): give an integer, such as 3",
      "  components[1].metadata.enableTLS: one: enableTLS is in the variable TLS, which is not set",
    ]);
  });

  it("opens a secret store that needs another one after that, and refuses a ring of them", async () => {
    const file = { type: "secretstores.local.file" };
    const path = `${DAPR}/secrets.json`;
    const chain = [
      {
        ...file,
        name: "second",
        secretStore: "first",
        metadata: { secretsFile: path, nestedSeparator: { secretKeyRef: { name: "plain" } } },
      },
      { ...file, name: "first", metadata: { secretsFile: path } },
    ];
    await using components = await openComponents({ components: chain, appId: "shop" });
    expect(components.list().map(({ name }) => name)).toEqual(["first", "second"]);
    expect(await components.secrets("second").get("orders-dboneurl")).toBeDefined();
    const ring = chain.map((one) => ({
      ...one,
      secretStore: one.name === "first" ? "second" : "first",
      metadata: { secretsFile: { secretKeyRef: { name: "path" } } },
    }));
    expect((await refusal({ components: ring })).detail).toBe(
      "components[0]: the secret stores need each other: second needs first needs second",
    );
  });

  it("closes everything again when one cannot be opened, and hides its secrets", async () => {
    const seen = new Seen();
    const error = await refusal({
      types: noteTypes(seen, ["bad"]),
      components: [
        { name: "good", type: "state.redis", metadata: { redisHost: "h" } },
        {
          name: "bad",
          type: "state.redis",
          metadata: { redisHost: "redis://u:p@h", redisPassword: "hush" },
        },
      ],
    });
    expect(error).toMatchObject({ code: "COMPONENT_UNAVAILABLE", ran: "no", retryable: true });
    expect(error.message).toContain("components[1]: bad (state.redis) could not be opened");
    expect(error.message).toContain("redis://***@h");
    expect(JSON.stringify([error.message, String(error.cause)])).not.toMatch(/hush|u:p/);
    expect(seen.events).toEqual(["open good", "close good"]);
  });

  it("starts without a component that may be missing, and says so to whoever uses it", async () => {
    const warnings: object[] = [];
    await using components = await openComponents({
      appId: "shop",
      types: noteTypes(new Seen(), ["bad"]),
      logger: logInto(warnings),
      components: [
        { name: "bad", type: "state.redis", ignoreErrors: true, metadata: { redisHost: "h" } },
      ],
    });
    expect(warnings).toMatchObject([{ event: "component_missing", component: "bad" }]);
    expect(() => components.state("bad")).toThrow("[COMPONENT_UNAVAILABLE]");
    expect(components.list()).toMatchObject([{ name: "bad", health: "failed", capabilities: [] }]);
  });

  it("gives up on a component that does not open in time, and closes it when it does", async () => {
    const clock = new VirtualClock();
    const seen = new Seen();
    const waiting: (() => void)[] = [];
    const slow = componentType({
      type: "state.slow",
      block: "state",
      summary: "For tests.",
      metadata: {},
      open: (_, { name }) =>
        new Promise<StateComponent>((resolve) => {
          waiting.push(() => resolve(new NotedState(name, seen)));
        }),
    });
    const refused = refusal({
      clock,
      types: [slow],
      components: [{ name: "slow", type: "state.slow", initTimeout: "2s" }],
    });
    expect((await clock.run(refused)).message).toMatch(/did not open within 2000 ms/);
    expect(clock.monotonic()).toBe(2_000);
    for (const open of waiting) open();
    await clock.advance(0);
    expect(seen.events).toEqual(["close slow"]);
  });

  it("fills Dapr's tags in texts, and says which variable one needs", async () => {
    const seen = new Seen();
    const types = noteTypes(seen);
    const hosts = "{appID},{namespace},{podName},{uuid},{uuid},{other}";
    const components = [{ name: "one", type: "state.redis", metadata: { redisHost: "h", hosts } }];
    const variables = { POD_NAME: "shop-0", NAMESPACE: "prod" };
    await using opened = await openComponents({ components, appId: "shop", types, variables });
    expect(opened.list()).toHaveLength(1);
    const [settings] = seen.settings as { readonly hosts: readonly string[] }[];
    expect(settings?.hosts.toSpliced(3, 2)).toEqual(["shop", "prod.shop", "shop-0", "{other}"]);
    expect(settings?.hosts[3]).toMatch(/^[0-9a-f-]{36}$/);
    expect(settings?.hosts[3]).not.toBe(settings?.hosts[4]);
    expect((await refusal({ components, types, variables: {} })).detail).toBe(
      "components[0].metadata.hosts: one: hosts needs the variable POD_NAME, which is not set",
    );
  });

  it("refuses what Dapr's YAML reader takes for something else than what is written", async () => {
    const wrong = fileURLToPath(new URL("../../golden/plain.yaml", import.meta.url));
    const error = await refusal({ components: wrong, types: noteTypes(new Seen()) });
    expect(error.detail).toContain(
      'plain.yaml:10: plain: redisDB "010": Dapr reads this as a number',
    );
    expect(error.detail).toContain('plain.yaml:8: plain: redisHost "yes": Dapr reads this as true');
    expect(error.detail).toContain('"1_000": Dapr reads this as the number 1000');
    expect(error.detail).not.toContain("enableTLS");
  });
});

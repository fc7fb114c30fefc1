import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { TroupeError } from "@troupe/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secretsOfClient } from "./access-settings.ts";
import { type ConfigPlaces, loadSettings, settingsOf } from "./load-settings.ts";
import type { Settings } from "./settings.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-config-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function load(places: Partial<ConfigPlaces> & { file?: unknown }): Settings {
  if (places.file !== undefined) {
    const text = typeof places.file === "string" ? places.file : JSON.stringify(places.file);
    writeFileSync(join(folder, "troupe.config.json"), text);
  }
  return loadSettings({ flags: places.flags ?? {}, variables: places.variables ?? {}, folder });
}

function storageBeside(membership: string): Settings["storage"] {
  return load({ flags: { membership } }).storage;
}

function refusal(places: Partial<ConfigPlaces> & { file?: unknown }): string {
  try {
    load(places);
  } catch (error) {
    expect(error).toBeInstanceOf(TroupeError);
    expect(error).toHaveProperty("code", "BAD_CONFIG");
    return error instanceof Error ? error.message : "";
  }
  throw new Error("nothing was refused");
}

describe("loadSettings", () => {
  it("needs no option at all", () => {
    const settings = load({});
    expect(settings).toMatchObject({ cluster: "troupe", listen: "127.0.0.1:0", labels: {} });
    expect(settings.membership.location).toEqual({ folder: resolve(".troupe") });
    expect(settings.storage.location).toEqual({ folder: resolve(".troupe") });
    expect(settings.transport.provider.name).toBe("gRPC");
  });

  it("takes a flag before a variable, and a variable before the file", () => {
    const file = { cluster: "from-file", logLevel: "warn", listen: "127.0.0.1:7100" };
    const variables = { TROUPE_CLUSTER: "from-variable", TROUPE_LOG_LEVEL: "error" };
    const settings = load({ file, variables, flags: { cluster: "from-flag" } });
    expect(settings).toMatchObject({
      cluster: "from-flag",
      logLevel: "error",
      listen: "127.0.0.1:7100",
    });
  });

  it("takes an empty variable as not set", () => {
    expect(load({ variables: { TROUPE_CLUSTER: "" } }).cluster).toBe("troupe");
  });

  it("reads labels, durations and switches from text and from JSON alike", () => {
    const variables = {
      TROUPE_LABELS: "zone=a, disk=ssd",
      TROUPE_LEASE_TTL: "10s",
      TROUPE_ALLOW_INSECURE: "true",
    };
    const file = { labels: { zone: "a", disk: "ssd" }, leaseTtl: 10_000, allowInsecure: true };
    for (const settings of [load({ variables }), load({ file })]) {
      expect(settings).toMatchObject({ labels: { zone: "a", disk: "ssd" }, leaseTtlMs: 10_000 });
    }
  });

  it("takes the policy of the lease from a flag, a variable or the file, and knows two", () => {
    for (const places of [
      { flags: { leasePolicy: "available" } },
      { variables: { TROUPE_LEASE_POLICY: "available" } },
      { file: { leasePolicy: "available" } },
    ]) {
      expect(load(places).leasePolicy).toBe("available");
      rmSync(join(folder, "troupe.config.json"), { force: true });
    }
    expect(load({}).leasePolicy).toBeUndefined();
    expect(refusal({ flags: { leasePolicy: "lax" } })).toContain(
      'leasePolicy (--lease-policy) "lax": give "strict"',
    );
  });

  it("keeps storage beside a local membership unless it is given", () => {
    expect(storageBeside("file:/data").location).toEqual({ folder: "/data" });
    expect(storageBeside("memory:a").location).toEqual({ name: "a" });
    expect(storageBeside("etcd://h:1").provider.name).toBe("file");
  });

  it("names the option, its source, the value and what would be right", () => {
    const message = refusal({ variables: { TROUPE_LISTEN: "7100" } });
    expect(message).toBe(
      '[BAD_CONFIG] listen (TROUPE_LISTEN) "7100": give host:port, such as "127.0.0.1:7100" or "[::1]:7100"',
    );
  });

  it("names every problem at once", () => {
    const message = refusal({
      flags: { listen: "nowhere", membership: "redis://h:1" },
      variables: { TROUPE_LEASE_TTL: "soon" },
      file: { cluster: 7, clutser: "x" },
    });
    expect(message).toContain("5 options are wrong");
    expect(message).toContain('listen (--listen) "nowhere"');
    expect(message).toContain(
      'membership (--membership) "redis://h:1": Redis holds storage, not members',
    );
    expect(message).toContain(
      'leaseTtl (TROUPE_LEASE_TTL) "soon": give a duration from "2s" to "10m"',
    );
    expect(message).toContain(`cluster (${join(folder, "troupe.config.json")}) 7`);
    expect(message).toContain("did you mean cluster?");
  });

  it("refuses a file that is not a JSON object", () => {
    expect(refusal({ file: "{" })).toContain("is not JSON");
    expect(refusal({ file: "[]" })).toContain("must hold one object");
  });

  it("refuses a misspelt part of tls, and half of it", () => {
    expect(refusal({ file: { tls: { crt: "a" } } })).toContain("did you mean tls.cert?");
    expect(refusal({ file: { tls: "a" } })).toContain("give an object");
    expect(refusal({ flags: { tlsCert: "a" } })).toMatch(
      /tls\.ca .*\n.*tls\.key .*belong together/,
    );
  });

  it("shows a number that JSON does not have", () => {
    const given = new Map([["leaseTtl", { value: Infinity, source: "startSilo" }]] as const);
    expect(() => settingsOf({ values: given, problems: [] })).toThrow(
      "leaseTtl (startSilo) Infinity: give a duration",
    );
  });

  it("never shows a token, nor the password of a URL", () => {
    const long = `redis://me:${"hunter22".repeat(20)}@/x`;
    expect(refusal({ flags: { storage: long } })).not.toContain("hunter22");
    expect(refusal({ flags: { token: "short" } })).not.toContain("short");
    expect(refusal({ flags: { storage: "redis://me:hunter22@/x" } })).not.toContain("hunter22");
    expect(refusal({ flags: { membership: "etcd://me:hunter22@h:x" } })).not.toContain("hunter22");
  });

  it("refuses to listen beyond this machine without token or TLS", () => {
    expect(refusal({ flags: { listen: "10.0.0.5:7100" } })).toContain(
      "set token (TROUPE_TOKEN) or tls",
    );
    expect(refusal({ flags: { listen: "silo-1:7100" } })).toContain("allowInsecure");
    for (const flags of [
      { token: "secret-secret" },
      { allowInsecure: true },
      { tlsCa: "a", tlsCert: "c", tlsKey: "k" },
    ]) {
      expect(load({ flags: { ...flags, listen: "10.0.0.5:7100" } }).listen).toBe("10.0.0.5:7100");
    }
    expect(load({ flags: { listen: "[::1]:7100" } }).listen).toBe("[::1]:7100");
    expect(load({ flags: { listen: "localhost:0" } }).listen).toBe("localhost:0");
  });

  it("asks for advertise when every interface is listened on", () => {
    const flags = { token: "secret-secret", listen: "0.0.0.0:7100" };
    expect(refusal({ flags })).toContain("set advertise");
    expect(refusal({ flags: { ...flags, listen: "[::]:7100" } })).toContain("set advertise");
    expect(refusal({ flags: { ...flags, advertise: "0.0.0.0:7100" } })).toContain(
      "advertise (--advertise)",
    );
    expect(load({ flags: { ...flags, advertise: "10.0.0.5:7100" } }).advertise).toBe(
      "10.0.0.5:7100",
    );
  });

  it("takes a token of each role, from a file, from variables and from flags", () => {
    const file = { tokens: { silo: "for silos" }, tls: { ca: "a", cert: "c", key: "k" } };
    const variables = {
      TROUPE_TOKEN_CLIENT: "for clients",
      TROUPE_TLS_ROLES_CLIENT: "shop, kiosk",
    };
    const { access } = load({ file, variables, flags: { tokenOperator: "for operators" } });
    expect(access).toMatchObject({
      secrets: { silo: "for silos", client: "for clients", operator: "for operators" },
      certificateRoles: { client: ["shop", "kiosk"] },
      role: "operator",
    });
  });

  it("takes rules of access from the file, and as JSON from a variable or a flag", () => {
    const access = [{ caller: "shop", types: ["Cart"], methods: ["add"], allow: true }];
    const text = JSON.stringify(access);
    for (const places of [
      { flags: { access: text } },
      { variables: { TROUPE_ACCESS: text } },
      { file: { access } },
    ])
      expect(load(places).accessRules).toEqual(access);
    rmSync(join(folder, "troupe.config.json"));
    expect(load({}).accessRules).toBeUndefined();
  });

  it.each([
    [{ caller: "shop" }, "give an array of rules"],
    [[{ caller: "shop", tpyes: ["Cart"] }], "access[0] has no tpyes; there are caller, types"],
    [[{ caller: "shop", tpyes: ["Cart"] }], "did you mean types?"],
    [[{ caller: "shop", types: ["Cart"] }, { caller: "*" }], "access[1].types is undefined; give"],
    [[{ caller: "shop", types: ["Cart"], allow: "no" }], 'access[0].allow is "no"; give true'],
    ["[{", "is not JSON"],
  ])("says where a rule of access is wrong: %j", (access, problem) => {
    const message = refusal({ file: { access } });
    expect(message).toContain(`access (${join(folder, "troupe.config.json")})`);
    expect(message).toContain(problem);
  });

  it("takes one token as that of every role", () => {
    const { access } = load({ flags: { token: "one for all" } });
    const secrets = { silo: "one for all", client: "one for all", operator: "one for all" };
    expect(access).toMatchObject({ secrets, role: "operator" });
  });

  it("connects as a client with the clients' token alone, and as what is said", () => {
    expect(load({ flags: { tokenClient: "for clients" } }).access.role).toBe("client");
    expect(load({ flags: { role: "client" } }).access.role).toBe("client");
    expect(refusal({ flags: { role: "silo" } })).toContain('give "client" or "operator"');
  });

  it("takes secrets of clients with names, and the name of a client", () => {
    const clients = { shop: "secret=of=shop==", kiosk: "secret of kiosk" };
    for (const places of [
      { file: { tokens: { silo: "for silos", clients } } },
      {
        file: {},
        variables: {
          TROUPE_TOKEN_SILO: "for silos",
          TROUPE_TOKEN_CLIENTS: "shop=secret=of=shop==, kiosk=secret of kiosk",
        },
      },
    ]) {
      const { access } = load(places);
      expect(access).toMatchObject({ secrets: { silo: "for silos", clients }, role: "operator" });
    }
    const flags = { tokenClient: "secret of shop", clientName: "shop" };
    const { access } = load({ flags, file: {} });
    expect(access).toMatchObject({ name: "shop", role: "client" });
    expect(secretsOfClient(access)).toEqual({ clients: { shop: "secret of shop" } });
  });

  it.each([
    [{ clients: { "client-1": "for somebody" } }, 'do not begin with "client-"'],
    [{ clients: { "*": "for somebody" } }, "tokens.clients"],
    [{ clients: { shop: "short" } }, "at least 8 characters"],
    [{ clients: {} }, "such as shop="],
    [{ clients: "shop" }, "such as shop="],
    [
      { client: "the same one", clients: { shop: "the same one" } },
      "shop has the secret of tokens.client",
    ],
    [{ clients: { shop: "the same one", kiosk: "the same one" } }, "kiosk has the secret of shop"],
  ])("refuses secrets of clients that are none: %j", (tokens, problem) => {
    const message = refusal({ file: { tokens: { silo: "for silos", ...tokens } } });
    expect(message).toContain(problem);
    expect(message).not.toMatch(/the same one"|for somebody|: "short/);
  });

  it("refuses a name that nothing can prove", () => {
    expect(refusal({ flags: { clientName: "shop", role: "operator" } })).toContain(
      "only clients have names",
    );
    const clients = { shop: "secret of shop", kiosk: "secret of kiosk" };
    expect(() => secretsOfClient(load({ flags: { clientName: "shop" } }).access)).toThrow(
      "there is none for shop",
    );
    expect(() => secretsOfClient(load({ file: { tokens: { clients } } }).access)).toThrow(
      "say which of shop, kiosk",
    );
  });

  it("refuses a token beside tokens, a short one, and names of certificates without any", () => {
    const both = { token: "one for all", tokens: { silo: "for silos" } };
    expect(refusal({ file: both })).toContain("give token or tokens, not both");
    expect(refusal({ file: { tokens: { client: "short" } } })).toContain("at least 8 characters");
    expect(refusal({ file: { tokens: "for all" } })).toContain("give an object");
    expect(refusal({ file: { tls: { roles: { silo: ["a"] } } } })).toContain("needs tls.ca");
  });
});

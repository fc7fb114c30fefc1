import { describe, expect, it } from "vitest";
import { OPTION_NAMES, OPTIONS } from "./config/option-catalog.ts";
import { clientSettings, siloSettings } from "./public-options.ts";
import { settingsFromEnvironment } from "./settings-from-environment.ts";

const VARIABLES = {
  TROUPE_CLUSTER: "bank",
  TROUPE_LISTEN: "0.0.0.0:7100",
  TROUPE_ADVERTISE: "10.0.0.5:7100",
  TROUPE_MEMBERSHIP: "etcd://10.0.0.2:2379",
  TROUPE_STORAGE: "redis://10.0.0.4:6379",
  TROUPE_TOKEN_SILO: "secret of silos",
  TROUPE_TOKEN_CLIENT: "secret of clients",
  TROUPE_TOKEN_CLIENTS: "shop=secret of shop",
  TROUPE_TLS_CA: "ca.pem",
  TROUPE_TLS_CERT: "silo.pem",
  TROUPE_TLS_KEY: "silo.key",
  TROUPE_TLS_ROLES_SILO: "silo.bank, other.bank",
  TROUPE_ACCESS: '[{"caller":"shop","types":["Cart"]}]',
  TROUPE_ALLOW_INSECURE: "true",
  TROUPE_LABELS: "zone=a,disk=ssd",
  TROUPE_CAPACITY: "2.5",
  TROUPE_SWITCH_AT: "0.75",
  TROUPE_LEASE_TTL: "10s",
  TROUPE_LEASE_POLICY: "available",
  TROUPE_ADOPT_STORAGE: "false",
  TROUPE_COMPONENTS: "./components",
  TROUPE_LOG_LEVEL: "debug",
  TROUPE_LOG_FORMAT: "json",
} as const;

describe("settingsFromEnvironment", () => {
  it("gives what the variables say, in the form in which a program says it", () => {
    const options = settingsFromEnvironment("silo", { variables: VARIABLES });
    expect(options).toEqual({
      cluster: "bank",
      listen: "0.0.0.0:7100",
      advertise: "10.0.0.5:7100",
      membership: "etcd://10.0.0.2:2379",
      storage: "redis://10.0.0.4:6379",
      components: "./components",
      tokens: {
        silo: "secret of silos",
        client: "secret of clients",
        clients: { shop: "secret of shop" },
      },
      tls: {
        ca: "ca.pem",
        cert: "silo.pem",
        key: "silo.key",
        roles: { silo: ["silo.bank", "other.bank"] },
      },
      access: [{ caller: "shop", types: ["Cart"] }],
      allowInsecure: true,
      labels: { zone: "a", disk: "ssd" },
      capacity: 2.5,
      deploy: { switchAt: 0.75 },
      leaseTtl: 10_000,
      leasePolicy: "available",
      adoptStorage: false,
      logLevel: "debug",
      logFormat: "json",
    });
    expect(siloSettings({ ...options, actors: [] })).toMatchObject({ capacity: 2.5 });
  });

  it("knows every variable of the command line", () => {
    const known = new Set<string>([
      ...Object.keys(VARIABLES),
      "TROUPE_TOKEN",
      "TROUPE_ROLE",
      "TROUPE_CLIENT_NAME",
    ]);
    for (const role of ["OPERATOR", "CLIENT"]) known.add(`TROUPE_TLS_ROLES_${role}`);
    known.add("TROUPE_TOKEN_OPERATOR");
    expect(known).toEqual(new Set(OPTION_NAMES.map((name) => OPTIONS[name].variable)));
  });

  it("passes over what only a silo has for a client, and takes empty as not set", () => {
    const variables = { ...VARIABLES, TROUPE_ROLE: "client", TROUPE_LOG_LEVEL: "" };
    const options = settingsFromEnvironment("client", { variables });
    expect(options).not.toHaveProperty("listen");
    expect(options).not.toHaveProperty("logLevel");
    expect(options).toMatchObject({ cluster: "bank", role: "client" });
    expect(clientSettings(options)).toMatchObject({ cluster: "bank" });
    expect(settingsFromEnvironment("client", { variables: {} })).toEqual({});
  });

  it("names each variable that is wrong", () => {
    const variables = { TROUPE_CAPACITY: "many", TROUPE_LEASE_TTL: "soon" };
    expect(() => settingsFromEnvironment("silo", { variables })).toThrow(
      /capacity \(TROUPE_CAPACITY\) "many": .*\n.*leaseTtl \(TROUPE_LEASE_TTL\) "soon"/,
    );
  });
});

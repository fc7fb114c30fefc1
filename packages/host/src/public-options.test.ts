import { describe, expect, it } from "vitest";
import { clientSettings, siloSettings, type SiloOptions } from "./public-options.ts";

describe("siloSettings", () => {
  it("takes everything that a program may say", () => {
    const tls = { ca: "ca.pem", cert: "silo.pem", key: "silo.key" };
    const settings = siloSettings({
      actors: [],
      cluster: "bank",
      listen: "10.0.0.5:7100",
      tls,
      leaseTtl: "10s",
      leasePolicy: "available",
      labels: { zone: "a" },
      deploy: { switchAt: "first" },
      logFormat: "json",
    });
    expect(settings).toMatchObject({
      cluster: "bank",
      listen: "10.0.0.5:7100",
      tls,
      leaseTtlMs: 10_000,
      leasePolicy: "available",
      labels: { zone: "a" },
      switchAt: "first",
      logFormat: "json",
    });
  });

  it("names what is wrong, and where it was said", () => {
    const options = { actors: [], listne: "127.0.0.1:1", storage: "etcd://h:1" } as SiloOptions;
    expect(() => siloSettings(options)).toThrow(
      /listne \(startSilo\): is not an option; did you mean listen\?/,
    );
    expect(() => siloSettings(options)).toThrow(
      /storage \(startSilo\) "etcd:\/\/h:1": etcd holds members/,
    );
  });

  it("takes an option that is undefined as not given", () => {
    expect(siloSettings({ actors: [], cluster: undefined } as unknown as SiloOptions).cluster).toBe(
      "troupe",
    );
  });
});

describe("clientSettings", () => {
  it("refuses what only a silo has", () => {
    expect(() => clientSettings({ listen: "127.0.0.1:1" } as object)).toThrow(/listen \(connect\)/);
  });
});

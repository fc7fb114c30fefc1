import { describe, expect, it } from "vitest";
import { openComponents } from "./open-components.ts";
import { installedTypes, loadTypes, packageOf } from "./type-packages.ts";
import { TypeRegistry } from "./type-registry.ts";

const NONE = new TypeRegistry([]);

function notInstalled(name: string): Promise<never> {
  const error = new Error(`Cannot find package '${name}' imported from here`);
  return Promise.reject(Object.assign(error, { code: "ERR_MODULE_NOT_FOUND" }));
}

function broken(): Promise<never> {
  return Promise.reject(new SyntaxError("broken"));
}

describe("loadTypes", () => {
  it("loads the package of a type that is declared and not known", async () => {
    const types = await loadTypes(["State.Redis"], NONE);
    expect(types.map(({ type }) => type)).toContain("lock.redis");
    expect(await loadTypes(["state.redis"], new TypeRegistry(types))).toEqual([]);
    expect(await loadTypes(["state.in-memory", "state.unheard"], NONE)).toEqual([]);
  });

  it("gives none of a package that is not installed, and the error of one that is broken", async () => {
    expect(await loadTypes(["state.redis"], NONE, notInstalled)).toEqual([]);
    await expect(loadTypes(["state.redis"], NONE, broken)).rejects.toThrow("broken");
  });

  it("names for every type that is in a package the package that has it", async () => {
    const types = await installedTypes();
    expect(types.length).toBeGreaterThan(0);
    for (const { type } of types) expect(packageOf(type)).toMatch(/^@troupe\/components-/);
  });
});

describe("openComponents", () => {
  it("opens a type of a package without being handed it", async () => {
    const metadata = { redisHost: "127.0.0.1:1" };
    const components = [{ name: "orders", type: "state.redis", metadata, initTimeout: "2s" }];
    const opened = openComponents({ appId: "shop", components });
    await expect(opened).rejects.toMatchObject({ code: "COMPONENT_UNAVAILABLE" });
  });
});

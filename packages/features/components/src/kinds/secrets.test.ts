import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { secretStoreSuite } from "@troupe/conformance";
import { expect, it } from "vitest";
import { EnvironmentSecrets } from "./environment-secrets.ts";
import { FileSecrets } from "./file-secrets.ts";
import { MountedSecrets } from "./mounted-secrets.ts";

type Values = Readonly<Record<string, string>> | undefined;

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "troupe-secrets-"));
}

secretStoreSuite({
  name: "secretstores.local.env",
  open: async () => {
    const variables: Record<string, string | undefined> = { PATH: "/bin", APP: "no" };
    return {
      openHandle: async () => ({
        component: new EnvironmentSecrets(variables, "APP_"),
        hasKeys: false,
        put: async (name: string, values: Values) => {
          variables[`APP_${name}`] = values?.[name];
        },
      }),
      dispose: async () => undefined,
    };
  },
});

for (const isMultiValued of [true, false])
  secretStoreSuite({
    name: `secretstores.local.file with ${isMultiValued ? "several values" : "one value"} each`,
    open: async () => {
      const folder = newFolder();
      const path = join(folder, "secrets.json");
      await writeFile(path, "{}");
      const secrets: Record<string, unknown> = {};
      return {
        openHandle: async () => ({
          component: new FileSecrets({ path, separator: ":", isMultiValued }),
          hasKeys: isMultiValued,
          put: async (name: string, values: Values) => {
            secrets[name] = isMultiValued ? values : values?.[name];
            await writeFile(path, JSON.stringify(secrets));
          },
        }),
        dispose: async () => rmSync(folder, { recursive: true }),
      };
    },
  });

secretStoreSuite({
  name: "secretstores.kubernetes-mount",
  open: async () => {
    const folder = newFolder();
    return {
      openHandle: async () => ({
        component: new MountedSecrets(folder),
        hasKeys: true,
        put: async (name: string, values: Values) => {
          const path = join(folder, name);
          await rm(path, { recursive: true, force: true });
          const own = values?.[name];
          if (own !== undefined) await writeFile(path, own);
          else if (values !== undefined) {
            await mkdir(path);
            for (const [key, text] of Object.entries(values))
              await writeFile(join(path, key), text);
          }
        },
      }),
      dispose: async () => rmSync(folder, { recursive: true }),
    };
  },
});

it("gives no variable of Troupe or of Dapr, also not by the prefix", async () => {
  const variables = { TROUPE_TOKEN_SILO: "hush", DAPR_API_TOKEN: "hush", APP_API_TOKEN: "hush" };
  for (const [prefix, name] of [
    ["", "TROUPE_TOKEN_SILO"],
    ["TROUPE_", "TOKEN_SILO"],
    ["", "DAPR_API_TOKEN"],
    ["APP_", "API_TOKEN"],
  ] as const) {
    const secrets = new EnvironmentSecrets(variables, prefix);
    expect(await secrets.get(name)).toBeUndefined();
    expect((await secrets.getAll()).size).toBe(0);
  }
});

it("names what is nested in a file by the way to it", async () => {
  const folder = newFolder();
  const path = join(folder, "secrets.json");
  await writeFile(
    path,
    '{"redis":{"password":"a","hosts":["b",{"c":1}]},"plain":true,"none":null}',
  );
  const flat = new FileSecrets({ path, separator: ":", isMultiValued: false });
  expect([...(await flat.getAll()).keys()]).toEqual([
    "redis:password",
    "redis:hosts:0",
    "redis:hosts:1:c",
    "plain",
    "none",
  ]);
  expect(await flat.get("redis:hosts:1:c")).toEqual({ values: { "redis:hosts:1:c": "1" } });
  const several = new FileSecrets({ path, separator: "/", isMultiValued: true });
  expect(await several.get("redis")).toEqual({
    values: { password: "a", "hosts/0": "b", "hosts/1/c": "1" },
  });
  expect(await several.get("plain")).toEqual({ values: { plain: "true" } });
  rmSync(folder, { recursive: true });
});

it("shows nothing of a file that is no JSON", async () => {
  const folder = newFolder();
  const path = join(folder, "secrets.json");
  await writeFile(path, '{"password": hush}');
  const secrets = new FileSecrets({ path, separator: ":", isMultiValued: false });
  const error: unknown = await secrets.get("password").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "BAD_CONFIG", detail: `${path} is no JSON` });
  expect(error).not.toHaveProperty("cause");
  rmSync(folder, { recursive: true });
});

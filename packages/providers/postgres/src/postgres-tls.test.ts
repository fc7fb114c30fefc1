import { chmod, chown, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { silentLogger, systemClock } from "@troupe/core";
import { POSTGRES, startPostgres, type TestService } from "@troupe/services";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPostgresStores } from "./open-postgres-stores.ts";

/** The certificate of these is for localhost. */
const CERTIFICATES = fileURLToPath(new URL("../../grpc/test-certificates", import.meta.url));

const AUTHORITY = join(CERTIFICATES, "ca.pem");

let folder: string;
let postgres: TestService;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "troupe-tls-"));
  const files = ["silo.pem", "silo-key.pem"];
  for (const name of files) await copyFile(join(CERTIFICATES, name), join(folder, name));
  const [certificate = "", key = ""] = files.map((name) => join(folder, name));
  // The server reads a key only if nobody else can.
  await chmodForServer(key);
  const args = ["ssl=on", `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`];
  postgres = await startPostgres({ args: args.flatMap((setting) => ["-c", setting]) });
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true });
});

async function chmodForServer(key: string): Promise<void> {
  await chmod(key, 0o600);
  const user = await POSTGRES.userOf?.();
  if (user === undefined) return;
  for (const path of [folder, key]) await chown(path, user.uid, user.gid);
}

/** Opens stores, asks them something, and closes them. */
async function ask(query: string, host = "localhost"): Promise<string> {
  const stores = await openPostgresStores({
    url: `${postgres.url.replace("127.0.0.1", host)}${query}`,
    cluster: "tls",
    clock: systemClock,
    logger: silentLogger,
  });
  try {
    return await stores.stateStore.identify("one", "keep");
  } finally {
    await stores.close();
  }
}

it("encrypts the connection, and believes any certificate if it is asked to", async () => {
  expect(await ask("?sslmode=require")).toBe("one");
});

it("believes the authority that it is given", async () => {
  expect(await ask(`?sslmode=verify-full&sslrootcert=${AUTHORITY}`)).toBe("one");
});

it("refuses a certificate of nobody it knows as BAD_CONFIG", async () => {
  await expect(ask("?sslmode=verify-full")).rejects.toThrow(/BAD_CONFIG.*not believed/);
});

it("says which file with authorities it cannot read", async () => {
  await expect(ask("?sslmode=verify-full&sslrootcert=/no/such/file")).rejects.toThrow(
    /BAD_CONFIG.*sslrootcert \/no\/such\/file cannot be read/,
  );
});

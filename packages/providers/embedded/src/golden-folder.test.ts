import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goldenBytes, goldenDueEntries, goldenFile } from "@troupe/conformance";
import { silentLogger, systemClock } from "@troupe/core";
import { expect, it, onTestFinished } from "vitest";
import { actorKey, fieldKey, parseActorKey } from "./actor-key.ts";
import { dueKey, parseDueKey } from "./due-key.ts";
import { openEmbeddedStores } from "./embedded-stores.ts";
import { Environment } from "./environment.ts";

it.each(goldenDueEntries())("reads the key of $entry.name as it was written", (golden) => {
  const { entry, embeddedKey } = golden;
  expect(parseDueKey(goldenBytes(embeddedKey))).toEqual(entry);
  expect(dueKey(entry).toString("hex")).toBe(embeddedKey);
});

it.each(goldenFile("actor-keys"))("finds $address.id under the key it has", (golden) => {
  const { address, embeddedKey, embeddedField } = golden;
  const bytes = Buffer.from(embeddedKey, "hex");
  expect(parseActorKey(bytes, 0)).toEqual({ address, end: bytes.length });
  expect(actorKey(address).toString("hex")).toBe(embeddedKey);
  expect(fieldKey(actorKey(address), "s:balance").toString("hex")).toBe(embeddedField);
});

it("reads actors and due times from a folder that the first version wrote", async () => {
  const folder = mkdtempSync(join(tmpdir(), "troupe-golden-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const options = { clock: systemClock, logger: silentLogger };
  const stores = await openEmbeddedStores(folder, options);
  onTestFinished(async () => {
    await Promise.all([stores.state.close(), stores.reminders.close()]);
  });
  const { epoch, version, fields } = goldenFile("stored-actor");
  const address = { type: "Elder", id: "one" };
  await writeAsBefore(join(folder, "state"), { address, epoch, version, fields });

  const claimed = await stores.state.claim(address, { revision: 7, siloId: "new" });
  const expected = new Map(
    Object.entries(fields).map(([name, hex]) => [name, Buffer.from(goldenBytes(hex))]),
  );
  expect(claimed).toMatchObject({ kind: "claimed", epoch: epoch + 1, version });
  expect(claimed.kind === "claimed" && asBuffers(claimed.fields)).toEqual(expected);
  const entries = goldenDueEntries().map(({ entry }) => entry);
  const found = await stores.reminders.due([0, 17, 1_023, 1_024], Number.MAX_SAFE_INTEGER, 10);
  expect(found).toEqual(entries.toSorted((one, other) => one.dueAt - other.dueAt));
});

interface OldActor {
  readonly address: { readonly type: string; readonly id: string };
  readonly epoch: number;
  readonly version: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** Writes with lmdb alone, in the tables and encodings that FORMAT 1 names. */
async function writeAsBefore(path: string, actor: OldActor): Promise<void> {
  const environment = await Environment.open(path, {
    clock: systemClock,
    logger: silentLogger,
    durable: true,
  });
  const { root } = environment;
  const binary = { keyEncoding: "binary", encoding: "binary" } as const;
  const heads = root.openDB<Record<string, unknown>, Buffer>({
    name: "troupe-heads",
    keyEncoding: "binary",
    encoding: "json",
    useVersions: true,
  });
  const stored = root.openDB<Buffer, Buffer>({ name: "troupe-fields", ...binary });
  const due = root.openDB<Buffer, Buffer>({ name: "troupe-due", ...binary });
  const { address, epoch, version } = actor;
  // `Elder/one` as the golden keys are made: two lengths, each in front of its text.
  const key = Buffer.from("\0\u0005Elder\0\u0003one");
  await heads.put(key, { epoch, version, revision: 5, siloId: "old" }, version);
  expect(actorKey(address)).toEqual(key);
  for (const [name, hex] of Object.entries(actor.fields))
    await stored.put(Buffer.concat([key, Buffer.from(name)]), Buffer.from(hex, "hex"));
  for (const { embeddedKey } of goldenDueEntries())
    await due.put(Buffer.from(embeddedKey, "hex"), Buffer.alloc(0));
  await environment.close();
}

function asBuffers(fields: ReadonlyMap<string, Uint8Array>): Map<string, Buffer> {
  return new Map(Array.from(fields, ([name, bytes]) => [name, Buffer.from(bytes)]));
}

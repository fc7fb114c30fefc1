import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Cluster } from "troupe";
import { expect, it, vi } from "vitest";
import { Clockwork } from "../actors/clockwork.ts";
import { Ledger } from "../actors/ledger.ts";
import type { ProcessCluster } from "../harness/process-cluster.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 90_000 });

const COMMAND = fileURLToPath(new URL("../../packages/troupe/bin/troupe.js", import.meta.url));

const LEDGERS = Array.from({ length: 150 }, (_, index) => `ledger-${index}`);
const CLOCKS = Array.from({ length: 10 }, (_, index) => `clock-${index}`);

const folders = usingClusters("embedded");
const servers = usingClusters("servers");

/** A process of `troupe` against a cluster, from one file to another. */
async function run(
  cluster: ProcessCluster,
  args: readonly string[],
  files: { readonly input?: string; readonly output?: string },
): Promise<{ readonly code: number | null; readonly said: string }> {
  const input = openSync(files.input ?? "/dev/null", "r");
  const output = openSync(files.output ?? join(cluster.folder, "said"), "w");
  const where = ["--cluster", cluster.name, "--membership", cluster.locations.membership];
  const command = spawn(process.execPath, [COMMAND, ...args, ...where], {
    stdio: [input, output, "pipe"],
  });
  closeSync(input);
  closeSync(output);
  let said = "";
  command.stderr?.on("data", (text: Buffer) => (said += text.toString()));
  const code = await new Promise<number | null>((resolve) => command.once("close", resolve));
  return { code, said };
}

/** What all ledgers together have recorded. */
async function sumOf(client: Cluster): Promise<number> {
  const read = await client.actors(Ledger).readMany(LEDGERS, "read");
  return read.reduce((sum, one) => {
    if (one.status === "rejected") throw one.reason;
    return sum + one.value.reduce((left, right) => left + right, 0);
  }, 0);
}

it("moves a cluster from a folder to Redis, with an import that is killed on the way", async () => {
  const from = folders.create();
  await from.start(2);
  const client = await from.connect();
  await Promise.all(LEDGERS.map((id, at) => client.actor(Ledger, id).record(at + 1)));
  await Promise.all(CLOCKS.map((id) => client.actor(Clockwork, id).remind("10s")));
  const sum = await sumOf(client);
  const file = join(from.folder, "export.jsonl");
  expect(await run(from, ["export"], { output: file })).toMatchObject({
    code: 0,
    said: expect.stringContaining("160 actors") as string,
  });
  const text = readFileSync(file, "utf8");
  await from.kill(...from.silos);

  const into = servers.create();
  await into.start(2);
  const other = await into.connect();
  // It is given a half, waits for the rest, and is killed.
  const where = ["--cluster", into.name, "--membership", into.locations.membership];
  const cut = spawn(process.execPath, [COMMAND, "import", ...where], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  cut.stdin?.write(text.slice(0, text.length / 2));
  await into.waitFor("half of it is imported", async () => {
    const { ids } = await other.actors(Ledger).list();
    return ids.length > 50;
  });
  const killed = new Promise<void>((resolve) => cut.once("close", () => resolve()));
  cut.kill("SIGKILL");
  await killed;
  expect(await sumOf(other)).toBeLessThan(sum);

  // So is a file that lost its end.
  const half = join(into.folder, "half.jsonl");
  writeFileSync(half, text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1));
  expect(await run(into, ["import"], { input: half })).toMatchObject({
    code: 2,
    said: expect.stringContaining("the export is cut off") as string,
  });
  const again = await run(into, ["import", "--json"], { input: file });
  expect(again.code, again.said).toBe(0);
  expect(await sumOf(other)).toBe(sum);
  await into.waitFor("every reminder has ticked", async () => {
    const read = await other.actors(Clockwork).readMany(CLOCKS, "read");
    return read.every((one) => one.status === "fulfilled" && one.value.length === 1);
  });
  const once = await other.actors(Clockwork).readMany(CLOCKS, "read");
  expect(once.map((one) => one.status === "fulfilled" && one.value.length)).toEqual(
    CLOCKS.map(() => 1),
  );

  const shown = await run(into, ["actors", "show", "Ledger/ledger-7", "--json"], {
    output: join(into.folder, "shown"),
  });
  expect(shown).toEqual({ code: 0, said: "" });
  expect(JSON.parse(readFileSync(join(into.folder, "shown"), "utf8"))).toMatchObject({
    type: "Ledger",
    id: "ledger-7",
    state: { operations: [8] },
  });
});

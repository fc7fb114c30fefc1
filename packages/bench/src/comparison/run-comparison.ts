import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "@troupe/core";
import type { BenchOutput } from "../running/bench-output.ts";
import { type ComparisonOptions, readComparison } from "./compare-arguments.ts";
import { compareRow, type Installed, type Participant, type Row } from "./compare-row.ts";
import { comparisonTable } from "./comparison-table.ts";
import { CONTESTANTS } from "./contestants.ts";
import { installPeer, type PeerName, peerVersions, PEERS } from "./peer-package.ts";
import { WORKS } from "./work.ts";

const HELP = `Usage: troupe bench compare [options]

Compares Troupe with what a TypeScript user would pick instead: the same work, from the same load generator, with as much in flight,
in the same run. It is never part of the other benches. A peer is installed from npm on its first use, in the versions that its lock
file says, into the cache folder of the user ($XDG_CACHE_HOME or ~/.cache, troupe/bench-peers); nothing of it comes into this repository.

peers:
${PEERS.map((peer) => `  ${peer.padEnd(14)} ${versionsOf(peer)}`).join("\n")}

kinds of work:
${WORKS.map(({ name, what }) => `  ${name.padEnd(14)} ${what}`).join("\n")}

  --peers <list>      only these, with commas between (default: all)
  --works <list>      only these, with commas between (default: all)
  --rounds <n>        rounds of each contestant in turn, of which the median counts (default: 3)
  --quick             a smoke run of one short round; its figures mean nothing
  --json              print only JSON: a line for each kind of work, and all of it at the end

The last line is the result as JSON. Exit codes: 0 all that take part worked, 1 one did not (its reason is printed, and the others go
on), 2 the command is wrong. A full run takes about seven minutes.`;

/** `bench compare`, after its name. Resolves with the exit code. */
export async function runComparison(argv: readonly string[], output: BenchOutput): Promise<number> {
  const asked = readComparison(argv);
  switch (asked.kind) {
    case "wrong":
      output.error(`${asked.message}\n(add --help for what can be said)`);
      return 2;
    case "help":
      output.out(HELP);
      return 0;
    case "compare":
      return compare(asked.options, output);
  }
}

async function compare(options: ComparisonOptions, output: BenchOutput): Promise<number> {
  const participants = await participantsOf(options, output);
  const folder = await mkdtemp(join(tmpdir(), "troupe-compare-"));
  const rows: Row[] = [];
  try {
    for (const work of WORKS.filter(({ name }) => options.works.includes(name))) {
      output.error(`${work.name}: ${work.what}`);
      const { rounds, quick } = options;
      const progress = (line: string): void => output.error(`  ${line}`);
      const row = await compareRow(work, participants, { rounds, quick, folder, progress });
      rows.push(row);
      for (const line of failuresOf([row])) output.error(`  ${line}`);
      if (options.json) output.out(JSON.stringify(resultOf(row)));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const failures = [...missingOf(participants), ...failuresOf(rows)];
  const names = participants.map(({ contestant }) => contestant.name);
  if (!options.json) {
    output.out(comparisonTable(rows, names));
    for (const line of [...names.flatMap((name) => descriptionOf(name)), ...failures])
      output.out(line);
  }
  output.out(JSON.stringify(wholeOf(rows, participants, failures)));
  return failures.length === 0 ? 0 : 1;
}

/** Troupe, and the peers that are asked for, installed. */
async function participantsOf(
  { peers }: ComparisonOptions,
  output: BenchOutput,
): Promise<Participant[]> {
  const participants: Participant[] = [];
  for (const contestant of CONTESTANTS) {
    const { peer } = contestant;
    if (peer !== undefined && !peers.includes(peer)) continue;
    const installed: Installed =
      peer === undefined ? { kind: "installed", folder: "" } : await installedOf(peer, output);
    participants.push({ contestant, installed });
    if (peer !== undefined && installed.kind === "installed")
      output.error(`${peer}: ${versionsOf(peer)} in ${installed.folder}`);
  }
  return participants;
}

async function installedOf(peer: PeerName, output: BenchOutput): Promise<Installed> {
  try {
    return { kind: "installed", folder: await installPeer(peer, (line) => output.error(line)) };
  } catch (error) {
    const reason = `it cannot be installed: ${messageOf(error)}`;
    output.error(`${peer}: ${reason}`);
    return { kind: "missing", reason };
  }
}

function versionsOf(peer: PeerName): string {
  return Object.entries(peerVersions(peer))
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

/** What it is, how it runs and what is not alike. */
function descriptionOf(name: string): string[] {
  const contestant = CONTESTANTS.find((candidate) => candidate.name === name);
  if (contestant === undefined) return [];
  const { peer, runs, note } = contestant;
  const version = peer === undefined ? "this repository" : versionsOf(peer);
  return [`${name}: ${version}; ${note}`, ...runs.map((line) => `  runs ${line}`)];
}

function missingOf(participants: readonly Participant[]): string[] {
  return participants.flatMap(({ contestant, installed }) =>
    installed.kind === "missing" ? `${contestant.name}: ${installed.reason}` : [],
  );
}

function failuresOf(rows: readonly Row[]): string[] {
  return rows.flatMap(({ work, cells }) =>
    Object.entries(cells).flatMap(([name, cell]) =>
      cell.kind === "failed" ? `${name} failed at ${work.name}: ${cell.reason}` : [],
    ),
  );
}

function resultOf({ work, cells }: Row): object {
  const { name, what, actors, inFlight } = work;
  return { name, what, actors, inFlight, cells };
}

function wholeOf(
  rows: readonly Row[],
  participants: readonly Participant[],
  failures: readonly string[],
): object {
  const contestants = participants.map(({ contestant: { name, peer, runs, note } }) => ({
    name,
    versions: peer === undefined ? {} : peerVersions(peer),
    runs,
    note,
  }));
  const machine = { node: process.version, cpus: cpus().length, load: loadavg() };
  return {
    name: "compare",
    ok: failures.length === 0,
    machine,
    contestants,
    failures,
    rows: rows.map((row) => resultOf(row)),
  };
}

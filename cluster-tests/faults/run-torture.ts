import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, type Random, systemClock } from "@troupe/core";
import { seededRandom } from "@troupe/testkit";
import { Arena, type ArenaOptions } from "./arena.ts";
import type { Fault } from "./fault.ts";
import { problemsOf } from "./fault-table.ts";
import { runTrial, type TrialResult } from "./trial.ts";

/** Then a new cluster is started, so that it is not only the old one's luck that is tried. */
const TRIALS_PER_ARENA = 8;

export interface TortureOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly leaseTtl: string;
  readonly faults: readonly Fault[];
  readonly report: (line: string) => void;
}

/**
 * Faults that can happen in one kind of arena, dealt like cards: all of them before any comes
 * again.
 */
class Deck {
  readonly options: ArenaOptions;
  readonly faults: readonly Fault[];
  readonly #random: Random;
  #left: Fault[] = [];

  constructor(options: ArenaOptions, faults: readonly Fault[], random: Random) {
    this.options = options;
    this.faults = faults;
    this.#random = random;
  }

  deal(): Fault {
    if (this.#left.length === 0) this.#left = [...this.faults];
    const [fault] = this.#left.splice(Math.floor(this.#random.next() * this.#left.length), 1);
    if (fault === undefined) throw new Error("a deck without faults");
    return fault;
  }
}

/**
 * Lets faults happen, chosen at random by the seed, until the time is over; each trial is told of
 * as it ends.
 */
export async function runTorture(options: TortureOptions): Promise<readonly TrialResult[]> {
  const random = seededRandom(options.seed);
  const end = systemClock.monotonic() + options.minutes * 60_000;
  const decks = decksOf(options, random);
  const results: TrialResult[] = [];
  while (systemClock.monotonic() < end) {
    const opened = await openArena(chooseDeck(decks, random), options);
    if ("broken" in opened) return [...results, opened.broken];
    try {
      results.push(...(await tryFaults(opened, { ...options, random, end })));
    } finally {
      await opened.arena.dispose();
    }
  }
  return results;
}

/** Ends early when something was wrong, so that it does not show again in the next trial. */
async function tryFaults(
  opened: Opened,
  { random, end, report }: TortureOptions & { readonly random: Random; readonly end: number },
): Promise<readonly TrialResult[]> {
  const results: TrialResult[] = [];
  while (results.length < TRIALS_PER_ARENA && systemClock.monotonic() < end) {
    const result = await tryFault(opened, random);
    results.push(result);
    tell(opened.arena, result, report);
    if (problemsOf(result).length > 0) break;
  }
  return results;
}

interface Opened {
  readonly arena: Arena;
  readonly deck: Deck;
}

/** Without a cluster there is nothing to go on with, but what was found so far has to be told. */
async function openArena(
  deck: Deck,
  { report }: TortureOptions,
): Promise<Opened | { readonly broken: TrialResult }> {
  report(`a new cluster with ${JSON.stringify(deck.options)}`);
  try {
    return { arena: await Arena.open(deck.options), deck };
  } catch (error) {
    report(`FAILED to start it: ${messageOf(error)}`);
    return { broken: brokenTrial("none: a cluster starts", error) };
  }
}

function decksOf({ faults, leaseTtl }: TortureOptions, random: Random): readonly Deck[] {
  const namespaces = faults.some(({ needs }) => needs === "namespaces");
  const decks = [
    new Deck(
      { leaseTtl, namespaces, etcdMembers: true },
      faults.filter(({ needs }) => needs !== "clocks"),
      random,
    ),
    new Deck(
      { leaseTtl, clocks: true },
      faults.filter(({ needs }) => needs === "clocks"),
      random,
    ),
  ];
  return decks.filter((deck) => deck.faults.length > 0);
}

/** Each as often as it has faults, but for what an arena has fewer of than it has trials. */
function chooseDeck(decks: readonly Deck[], random: Random): Deck {
  const all = decks.flatMap((deck) => deck.faults.map(() => deck));
  const deck = all[Math.floor(random.next() * all.length)];
  if (deck === undefined) throw new Error("there is no fault to try");
  return deck;
}

async function tryFault({ arena, deck }: Opened, random: Random): Promise<TrialResult> {
  const fault = deck.deal();
  try {
    return await runTrial(arena, fault, random);
  } catch (error) {
    return brokenTrial(fault.name, error);
  }
}

function brokenTrial(fault: string, error: unknown): TrialResult {
  const other = [`it did not come to its end: ${messageOf(error)}`];
  return { fault, outages: [], calls: 0, lost: [], doubled: [], wronglyFailed: [], other };
}

function tell(arena: Arena, result: TrialResult, report: (line: string) => void): void {
  const problems = problemsOf(result);
  const worst = Math.round(Math.max(0, ...result.outages));
  report(
    `${problems.length === 0 ? "ok" : "FAILED"} ${result.fault}: ${result.calls} calls, longest outage ${worst} ms`,
  );
  for (const problem of problems) report(`  ${problem}`);
  if (problems.length > 0) report(`  what the silos said and did is in ${keepEvidence(arena)}`);
}

function keepEvidence({ cluster }: Arena): string {
  const folder = mkdtempSync(join(tmpdir(), "troupe-torture-"));
  writeFileSync(join(folder, "silos.log"), cluster.logs());
  writeFileSync(
    join(folder, "journal"),
    cluster
      .journal()
      .map((words) => `${words.join(" ")}\n`)
      .join(""),
  );
  return folder;
}

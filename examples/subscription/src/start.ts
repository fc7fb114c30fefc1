import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, type DeadLetter, silentLogger, startSilo } from "troupe";
import { Card } from "./card.ts";
import { Inbox } from "./inbox.ts";
import { Subscription } from "./subscription.ts";

const MONTH_MS = 4_000;
const MONTHS = 12;

/** The month whose first attempts find that the bank does not answer, and for how long. */
const BAD_MONTH = 3;
const BANK_AWAY_MS = 500;

/**
 * How often to look for what must come, and how many times: for longer than a receipt is tried
 * until it is given up.
 */
const LOOK_EVERY_MS = 100;
const LOOKS_MAX = 900;

const folder = mkdtempSync(join(tmpdir(), "troupe-subscription-"));
try {
  await using silo = await startSilo({
    cluster: "subscriptions",
    actors: [Subscription, Card, Inbox],
    listen: "127.0.0.1:0",
    membership: `file:${folder}`,
    logger: silentLogger,
  });
  await year(silo);
  process.exitCode = (await receipts(silo)) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Alice and Bob subscribe, and a year passes. */
async function year(cluster: Pick<Cluster, "actor">): Promise<void> {
  console.log(`alice and bob subscribe; a month lasts ${MONTH_MS / 1_000} s. Bob's inbox is full.`);
  await cluster.actor(Inbox, "bob").setFull(true);
  for (const id of ["alice", "bob"])
    await cluster.actor(Subscription, id).subscribe(999, { every: MONTH_MS });
  for (let month = 1; month <= MONTHS; month++) {
    if (month === BAD_MONTH) await takeBankAway(cluster);
    await untilBilled(cluster, month);
    const { invoices } = await cluster.actor(Subscription, "alice").overview();
    const { number, dueAt, isPaid } = invoices.at(-1) ?? {
      number: "none",
      dueAt: 0,
      isPaid: false,
    };
    console.log(
      `month ${month}: invoice ${number}, due at ${new Date(dueAt).toISOString()}, is ${isPaid ? "paid" : "unpaid"}`,
    );
  }
  for (const id of ["alice", "bob"]) await cluster.actor(Subscription, id).cancel();
}

/** Lets a month come while the bank does not answer; its tick is tried again until it does. */
async function takeBankAway(cluster: Pick<Cluster, "actor">): Promise<void> {
  const card = cluster.actor(Card, "alice");
  await card.setRefusing(true);
  await sleep(MONTH_MS + BANK_AWAY_MS);
  await card.setRefusing(false);
  console.log("(for a moment the bank did not answer)");
}

async function untilBilled(cluster: Pick<Cluster, "actor">, month: number): Promise<void> {
  const subscriptions = ["alice", "bob"].map((id) => cluster.actor(Subscription, id));
  await lookFor(async () => {
    const overviews = await Promise.all(
      subscriptions.map((subscription) => subscription.overview()),
    );
    return overviews.every(({ invoices }) => invoices.length >= month) || undefined;
  });
}

/**
 * Counts the receipts, and sends Bob's again once his inbox has room. True if everything is as it
 * should be.
 */
async function receipts(cluster: Pick<Cluster, "actor" | "deadLetters">): Promise<boolean> {
  const charges = await cluster.actor(Card, "alice").read();
  console.log(
    `alice was charged ${charges.length} times and has ${(await receiptsOf(cluster, "alice")).length} receipts`,
  );
  console.log("bob's first receipt is tried ten times and then given up; this takes a moment");
  const letter = await firstDeadLetter(cluster);
  if (letter === undefined) return false;
  console.log(`troupe letters Subscription/bob would show: letter ${letter.seq}, ${letter.reason}`);
  await cluster.actor(Inbox, "bob").setFull(false);
  await cluster.deadLetters("Subscription", "bob").resend(letter.seq);
  await lookFor(async () => (await receiptsOf(cluster, "bob")).length >= MONTHS || undefined);
  const received = await receiptsOf(cluster, "bob");
  console.log(
    `bob has ${received.length} receipts; the one that was sent again came last: ${received.at(-1)}`,
  );
  return charges.length === MONTHS && received.length === MONTHS;
}

function receiptsOf(cluster: Pick<Cluster, "actor">, id: string): Promise<readonly string[]> {
  return cluster.actor(Inbox, id).read();
}

/** The receipt that was given up, once there is one. `troupe letters Subscription/bob` shows it. */
function firstDeadLetter(cluster: Pick<Cluster, "deadLetters">): Promise<DeadLetter | undefined> {
  const letters = cluster.deadLetters("Subscription", "bob");
  return lookFor(async () => (await letters.list())[0]);
}

/** What was looked for, or undefined if it never came. */
async function lookFor<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(LOOK_EVERY_MS);
  }
  return undefined;
}

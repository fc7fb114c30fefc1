import type { AdminClient } from "@troupe/admin";
import type { DeadLetter, DeadLetters } from "@troupe/client";
import { type ActorAddress, formatAddress, TroupeError } from "@troupe/core";
import { printableJson } from "./printable-text.ts";
import { readAddress } from "./call-arguments.ts";
import { jsonValue } from "./printed-value.ts";
import type { LettersFlags } from "./program.ts";
import { EXIT_FAILED, EXIT_OK, printData, printNote } from "./terminal.ts";
import { momentText, textTable } from "./text-table.ts";
import { withSilos } from "./with-cluster.ts";

/** Which dead letters are meant. */
export type LetterChoice = number | "all";

/** What becomes of the chosen letters of an actor. */
export interface LetterWork {
  readonly address: ActorAddress;
  readonly verb: "resend" | "drop";
  readonly choice: LetterChoice;
  readonly json: boolean;
}

/**
 * `troupe letters`: durable sends that were given up, of all actors or of one; sending them again,
 * and dropping them.
 */
export async function runLetters(actor: string | undefined, flags: LettersFlags): Promise<number> {
  const { json } = flags;
  const chosen = readChoice(flags);
  if (actor === undefined && chosen !== undefined)
    throw new TroupeError(
      "BAD_CONFIG",
      `--${chosen.verb} needs the actor whose letters are meant: troupe letters Type/id --${chosen.verb} …`,
    );
  const address = actor === undefined ? undefined : readAddress(actor);
  return withSilos(flags, ({ cluster, admin }) => {
    if (address === undefined) return showSenders(admin, json);
    const letters = cluster.deadLetters(address.type, address.id);
    return chosen === undefined
      ? showLetters(letters, address, json)
      : workOnLetters(letters, { address, ...chosen, json });
  });
}

function readChoice({
  resend,
  drop,
}: LettersFlags): Pick<LetterWork, "verb" | "choice"> | undefined {
  if (resend !== undefined && drop !== undefined)
    throw new TroupeError("BAD_CONFIG", "give --resend or --drop, not both");
  if (resend !== undefined) return { verb: "resend", choice: resend };
  return drop === undefined ? undefined : { verb: "drop", choice: drop };
}

/** Prints which actors have dead letters, how many, and since when. It wakes no actor. */
export async function showSenders(admin: AdminClient, json: boolean): Promise<number> {
  const senders = new Map<string, ActorAddress & { letters: number; oldestAt: number }>();
  for await (const { type, id, diedAt } of admin.deadLetters()) {
    const key = formatAddress({ type, id });
    // They come oldest first.
    const known = senders.get(key) ?? { type, id, letters: 0, oldestAt: diedAt };
    senders.set(key, { ...known, letters: known.letters + 1 });
  }
  const actors = [...senders.values()];
  if (json) printData(printableJson({ actors }));
  else if (actors.length > 0) {
    const rows = actors.map((sender) => [
      formatAddress(sender),
      sender.letters,
      momentText(sender.oldestAt),
    ]);
    printData(textTable(["actor", "dead letters", "oldest"], rows));
  } else printNote("no actor has dead letters");
  return EXIT_OK;
}

/** Prints the dead letters of one actor, in the order in which they were sent. */
export async function showLetters(
  deadLetters: DeadLetters,
  address: ActorAddress,
  json: boolean,
): Promise<number> {
  const letters = await deadLetters.list();
  const actor = formatAddress(address);
  if (json) printData(jsonValue({ actor, letters: letters.map((letter) => shown(letter)) }));
  else if (letters.length > 0) {
    const rows = letters.map(({ seq, to, method, reason, diedAt }) => [
      seq,
      formatAddress(to),
      method,
      reason,
      momentText(diedAt),
    ]);
    printData(textTable(["letter", "to", "method", "reason", "given up"], rows));
  } else printNote(`${actor} has no dead letter`);
  return EXIT_OK;
}

function shown({ to, ...letter }: DeadLetter): Record<string, unknown> {
  return { ...letter, to: formatAddress(to) };
}

/**
 * Sends one dead letter again or drops it, or all in their order. Fails if one that was asked for
 * is not there.
 */
export async function workOnLetters(
  letters: DeadLetters,
  { address, verb, choice, json }: LetterWork,
): Promise<number> {
  const wanted = choice === "all" ? (await letters.list()).map(({ seq }) => seq) : [choice];
  const done: number[] = [];
  for (const seq of wanted) {
    // oxlint-disable-next-line no-await-in-loop -- letters to one receiver keep the order in which
    // they were sent.
    if (await letters[verb](seq)) done.push(seq);
  }
  const actor = formatAddress(address);
  if (json) printData(printableJson({ actor, [verb === "resend" ? "resent" : "dropped"]: done }));
  else if (done.length > 0) printNote(doneNote(actor, verb, done));
  const missing = wanted.filter((seq) => !done.includes(seq));
  if (missing.length > 0)
    printNote(
      `${actor} has no dead letter ${missing.join(", ")}; troupe letters ${actor} lists them`,
    );
  else if (wanted.length === 0) printNote(`${actor} has no dead letter`);
  return missing.length === 0 ? EXIT_OK : EXIT_FAILED;
}

function doneNote(actor: string, verb: LetterWork["verb"], done: readonly number[]): string {
  const letters = done.length === 1 ? `letter ${done[0]}` : `${done.length} letters`;
  return verb === "resend" ? `${actor} sends ${letters} again` : `${actor} has dropped ${letters}`;
}

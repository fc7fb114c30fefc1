import { type ActorAddress, formatAddress, messageOf, TroupeError } from "@troupe/core";
import type { Cluster } from "@troupe/host";
import { numberOf, recordOf, recordsOf, textOf } from "./ask-silos.ts";
import { readAddress } from "./call-arguments.ts";
import type { JsonFlags } from "./program.ts";
import { systemTurn } from "./system-turn.ts";
import { EXIT_FAILED, EXIT_OK, printData, printNote } from "./terminal.ts";
import { momentText, textTable } from "./text-table.ts";
import { withSilos } from "./with-cluster.ts";

/** Which dead letters to send again. */
export type Resend = number | "all";

export type LettersFlags = JsonFlags & { readonly resend?: Resend };

/** A dead letter as `letters --json` shows it. Moments are in milliseconds since the Unix epoch. */
interface ShownLetter {
  readonly seq: number;
  readonly to: string;
  readonly method: string;
  readonly reason: string;
  readonly sentAt: number;
  readonly diedAt: number;
}

/**
 * `troupe letters`: durable sends that were given up, of all actors or of one, and sending them
 * again.
 */
export async function runLetters(actor: string | undefined, flags: LettersFlags): Promise<number> {
  const { json, resend } = flags;
  if (actor === undefined && resend !== undefined)
    throw new TroupeError(
      "BAD_CONFIG",
      "--resend needs the actor whose letters are sent again: troupe letters Type/id --resend …",
    );
  const address = actor === undefined ? undefined : readAddress(actor);
  return withSilos(flags, (cluster) => {
    if (address === undefined) return showSenders(cluster, json);
    return resend === undefined
      ? showLetters(cluster, address, json)
      : resendLetters(cluster, { address, resend, json });
  });
}

/** Prints which actors have dead letters, how many, and since when. It wakes no actor. */
export async function showSenders(
  cluster: Pick<Cluster, "view" | "callSilo">,
  json: boolean,
): Promise<number> {
  const senders = new Map<
    string,
    { type: string; id: string; letters: number; oldestAt: number }
  >();
  for (const { address, dueAt } of recordsOf(await askAnySilo(cluster, "deadLetters"))) {
    const { type, id } = recordOf(address);
    const sender = { type: textOf(type), id: textOf(id) };
    const key = formatAddress(sender);
    // They come oldest first.
    const known = senders.get(key) ?? { ...sender, letters: 0, oldestAt: numberOf(dueAt) };
    senders.set(key, { ...known, letters: known.letters + 1 });
  }
  const actors = [...senders.values()];
  if (json) printData(JSON.stringify({ actors }));
  else if (actors.length > 0) {
    const rows = actors.map(({ type, id, letters, oldestAt }) => [
      `${type}/${id}`,
      letters,
      momentText(oldestAt),
    ]);
    printData(textTable(["actor", "dead letters", "oldest"], rows));
  } else printNote("no actor has dead letters");
  return EXIT_OK;
}

/** Prints the dead letters of one actor, in the order in which they were sent. */
export async function showLetters(
  cluster: Pick<Cluster, "callTurn">,
  address: ActorAddress,
  json: boolean,
): Promise<number> {
  const letters = await lettersOf(cluster, address);
  const actor = formatAddress(address);
  if (json) printData(JSON.stringify({ actor, letters }));
  else if (letters.length > 0) {
    const rows = letters.map(({ seq, to, method, reason, diedAt }) => [
      seq,
      to,
      method,
      reason,
      momentText(diedAt),
    ]);
    printData(textTable(["letter", "to", "method", "reason", "given up"], rows));
  } else printNote(`${actor} has no dead letter`);
  return EXIT_OK;
}

/**
 * Sends one dead letter again, or all in their order. Fails if one that was asked for is not there.
 */
export async function resendLetters(
  cluster: Pick<Cluster, "callTurn">,
  {
    address,
    resend,
    json,
  }: { readonly address: ActorAddress; readonly resend: Resend; readonly json: boolean },
): Promise<number> {
  const wanted =
    resend === "all" ? (await lettersOf(cluster, address)).map(({ seq }) => seq) : [resend];
  const resent: number[] = [];
  for (const seq of wanted) {
    // oxlint-disable-next-line no-await-in-loop -- letters to one receiver keep the order in which
    // they were sent.
    if ((await systemTurn(cluster, address, "$resend", [seq])) === true) resent.push(seq);
  }
  const actor = formatAddress(address);
  if (json) printData(JSON.stringify({ actor, resent }));
  else if (resent.length > 0)
    printNote(
      `${actor} sends ${resent.length === 1 ? `letter ${resent[0]}` : `${resent.length} letters`} again`,
    );
  const missing = wanted.filter((seq) => !resent.includes(seq));
  if (missing.length > 0)
    printNote(
      `${actor} has no dead letter ${missing.join(", ")}; troupe letters ${actor} lists them`,
    );
  else if (wanted.length === 0) printNote(`${actor} has no dead letter`);
  return missing.length === 0 ? EXIT_OK : EXIT_FAILED;
}

async function lettersOf(
  cluster: Pick<Cluster, "callTurn">,
  address: ActorAddress,
): Promise<ShownLetter[]> {
  return recordsOf(await systemTurn(cluster, address, "$letters")).map(
    ({ seq, type, id, method, reason, sentAt, diedAt }) => ({
      seq: numberOf(seq),
      to: formatAddress({ type: textOf(type), id: textOf(id) }),
      method: textOf(method),
      reason: textOf(reason),
      sentAt: numberOf(sentAt),
      diedAt: numberOf(diedAt),
    }),
  );
}

/** The answer of the first silo that gives one: they all read the same store. */
async function askAnySilo(
  cluster: Pick<Cluster, "view" | "callSilo">,
  method: string,
): Promise<unknown> {
  const failures: unknown[] = [];
  for (const { siloId } of cluster.view.members.filter(({ state }) => state !== "joining")) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next is asked only if this one does not
      // answer.
      return await cluster.callSilo(siloId, method);
    } catch (error) {
      failures.push(error);
    }
  }
  const why = failures.map((failure) => messageOf(failure)).join("; ");
  throw new TroupeError(
    "CLUSTER_UNAVAILABLE",
    `no silo answers: ${why === "" ? "none is active yet" : why}`,
  );
}

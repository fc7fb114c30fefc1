import type { Overview } from "./account.ts";

/** A transfer that was ordered. */
export interface Order {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  /** `unknown`: every repetition failed, so it may or may not have been carried out. */
  outcome: "acknowledged" | "refused" | "unknown";
}

export interface Audit {
  /** All balances together, in cents. */
  readonly total: number;
  readonly acknowledged: number;
  /** Acknowledged orders that are missing on either side. */
  readonly lost: readonly string[];
  /** Orders that are there more than once on either side. */
  readonly doubled: readonly string[];
  /**
   * Orders of no acknowledgement that left one account and did not reach the other, or came from
   * nowhere.
   */
  readonly halves: readonly string[];
}

/**
 * Compares what was ordered with what the accounts show. What is still on its way looks like what
 * is lost.
 */
export function audit(orders: readonly Order[], accounts: ReadonlyMap<string, Overview>): Audit {
  const sides = countSides(accounts);
  const lost: string[] = [];
  const doubled: string[] = [];
  const halves: string[] = [];
  for (const { name, from, to, amount, outcome } of orders) {
    const debits = sides.get(sideKey("sent", from, to, name, -amount)) ?? 0;
    const credits = sides.get(sideKey("received", to, from, name, amount)) ?? 0;
    if (debits > 1 || credits > 1) doubled.push(name);
    else if (outcome === "acknowledged" && (debits === 0 || credits === 0)) lost.push(name);
    else if (debits !== credits) halves.push(name);
  }
  return {
    total: [...accounts.values()].reduce((sum, { balance }) => sum + balance, 0),
    acknowledged: orders.filter(({ outcome }) => outcome === "acknowledged").length,
    lost,
    doubled,
    halves,
  };
}

/**
 * True if money was neither made nor lost, and every acknowledged transfer is there once on both
 * sides.
 */
export function isSound({ total, lost, doubled, halves }: Audit, totalBefore: number): boolean {
  return total === totalBefore && lost.length + doubled.length + halves.length === 0;
}

/** How often each side of each transfer stands in an account. */
function countSides(accounts: ReadonlyMap<string, Overview>): Map<string, number> {
  const sides = new Map<string, number>();
  for (const [id, { entries }] of accounts) {
    for (const { kind, other, order, amount } of entries) {
      if (other === undefined || order === undefined) continue;
      const key = sideKey(kind, id, other, order, amount);
      sides.set(key, (sides.get(key) ?? 0) + 1);
    }
  }
  return sides;
}

function sideKey(...parts: readonly (string | number)[]): string {
  return JSON.stringify(parts);
}

import type { CallRecord, History } from "../history.ts";
import {
  isCopied,
  LISTENERS,
  type ListenerReport,
  listenerOf,
  type News,
  newsOf,
  PROGRAM,
} from "../news-actors.ts";
import { lastLook } from "./last-look.ts";

/** An event as a partition has stored it. */
export interface StoredNews extends News {
  readonly key: string;
}

/**
 * P1, P2, P4 and P8 of topics: what was published is stored once, if and only if its turn was; and
 * what is stored takes effect once, in the order of its key, and is not lost.
 */
export function checkNews(history: History, stored: readonly StoredNews[]): void {
  checkStored(history, stored);
  for (let index = 0; index < LISTENERS; index++) {
    const report = reportOf(history, `n${index}`);
    if (report === undefined) continue;
    for (const told of [report.heard, report.copied]) {
      checkEffects(history, told);
      checkOrder(history, told);
    }
  }
  for (const missing of missingNews(history, stored)) history.violate("nothing-lost", missing);
}

/** What has not come about by the last look. */
export function missingNews(history: History, stored: readonly StoredNews[]): string[] {
  const ids = new Set(stored.map(({ id }) => id));
  const published = history.calls.flatMap((call) =>
    call.outcome.kind === "value" ? eventsOf(call).filter((id) => !ids.has(id)) : [],
  );
  const told = (listener: string, what: keyof ListenerReport): Set<string> | undefined => {
    const report = reportOf(history, listener);
    return report && new Set(report[what].map((text) => parse(text).id));
  };
  const copied = told("n0", "copied");
  const unheard = stored.flatMap((event) => {
    const heard = told(listenerOf(event.key), "heard");
    const misses: string[] = [];
    if (heard?.has(event.id) === false) misses.push(`${event.id} was never heard`);
    if (isCopied(event) && copied?.has(event.id) === false)
      misses.push(`${event.id} was never copied`);
    return misses;
  });
  return [...published.map((id) => `${id} was acknowledged and is not stored`), ...unheard];
}

function checkStored(history: History, stored: readonly StoredNews[]): void {
  const counts = new Map<string, number>();
  for (const { id } of stored) counts.set(id, (counts.get(id) ?? 0) + 1);
  for (const [id, count] of counts)
    if (count > 1) history.violate("published-once-stored", `${id} is stored ${count} times`);
  for (const call of history.calls) {
    const events = eventsOf(call);
    const found = events.filter((id) => counts.has(id));
    if (call.plan.method === "falter" && found.length > 0)
      history.violate("published-once-stored", `${found.join()} of a turn that threw is stored`);
    if (found.length > 0 && found.length < events.length)
      history.violate(
        "published-once-stored",
        `of ${call.plan.id} only ${found.join()} is stored, and not the rest`,
      );
  }
}

function checkEffects(history: History, told: readonly string[]): void {
  const seen = new Set<string>();
  for (const text of told) {
    const { id } = parse(text);
    if (seen.has(id)) history.violate("effect-once", `${id} took effect twice`);
    seen.add(id);
  }
}

/** A herald publishes one after the other; programs do not. */
function checkOrder(history: History, told: readonly string[]): void {
  const last = new Map<string, { readonly n: number; readonly id: string }>();
  for (const text of told) {
    const { key, from, n, id } = parse(text);
    if (from === PROGRAM) continue;
    const before = last.get(`${key} ${from}`);
    if (before !== undefined && n < before.n)
      history.violate("key-order", `${id} of ${from} under ${key} came after ${before.id}`);
    last.set(`${key} ${from}`, { n, id });
  }
}

function eventsOf({ plan }: CallRecord): string[] {
  if (plan.method === "publish") return [plan.id];
  if (plan.method !== "herald" && plan.method !== "falter") return [];
  return Array.from({ length: Number(plan.args[1]) }, (_, index) => newsOf(plan.id, index));
}

function reportOf(history: History, listener: string): ListenerReport | undefined {
  const look = lastLook(history, listener);
  return look?.outcome.kind === "value" ? (look.outcome.value as ListenerReport) : undefined;
}

function parse(text: string): StoredNews {
  const [key = "", from = "", n = "", id = ""] = text.split(" ");
  return { key, from, n: Number(n), id };
}

import { quantile } from "./outage.ts";
import type { TrialResult } from "./trial.ts";

const HEADINGS = [
  "fault",
  "trials",
  "calls",
  "outage p50",
  "outage p99",
  "lost",
  "doubled",
  "wrongly failed",
  "other",
];

/** What was wrong in a trial, in words; empty if nothing was. */
export function problemsOf({
  lost,
  doubled,
  wronglyFailed,
  other,
}: TrialResult): readonly string[] {
  return [
    ...lost.map((words) => `lost: ${words}`),
    ...doubled.map((words) => `doubled: ${words}`),
    ...wronglyFailed.map((words) => `wrongly failed: ${words}`),
    ...other,
  ];
}

/** A table in Markdown, with a line for each fault that was tried, in the order of `names`. */
export function faultTable(names: readonly string[], results: readonly TrialResult[]): string {
  const rows = names.flatMap((name) => {
    const trials = results.filter(({ fault }) => fault === name);
    return trials.length === 0 ? [] : [rowOf(name, trials)];
  });
  const lines = [HEADINGS, HEADINGS.map((_, index) => (index === 0 ? "---" : "---:")), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function rowOf(name: string, trials: readonly TrialResult[]): readonly string[] {
  const outages = trials.flatMap((trial) => trial.outages);
  const sum = (count: (trial: TrialResult) => number): string =>
    String(trials.reduce((all, trial) => all + count(trial), 0));
  return [
    name,
    String(trials.length),
    sum(({ calls }) => calls),
    inWords(quantile(outages, 0.5)),
    inWords(quantile(outages, 0.99)),
    sum(({ lost }) => lost.length),
    sum(({ doubled }) => doubled.length),
    sum(({ wronglyFailed }) => wronglyFailed.length),
    sum(({ other }) => other.length),
  ];
}

function inWords(ms: number | undefined): string {
  if (ms === undefined) return "–";
  if (ms === Number.POSITIVE_INFINITY) return "no end";
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

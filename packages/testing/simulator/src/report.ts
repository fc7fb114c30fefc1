import { describeFault, type Script } from "./script.ts";
import type { SimulationResult } from "./simulation.ts";
import { formatTraceLine, type TraceLine } from "./trace.ts";

/** Lines of a short trace: what fits on a few screens. */
const LINES_MAX = 150;

/** Virtual milliseconds before the violation that a short trace goes back. */
const BEFORE_MS = 8_000;

/**
 * What a person needs to understand a violation: the rules that were broken, the script, and what
 * led to the first of them.
 */
export function describeResult(result: SimulationResult): string {
  const { script, violations, trace } = result;
  const first = violations[0];
  const lines = violations
    .slice(0, 5)
    .map(({ rule, text, at }) => `  ${rule} at ${at.toFixed(1)}: ${text}`);
  if (violations.length > 5) lines.push(`  and ${violations.length - 5} more`);
  return [
    `seed ${script.seed} (${script.profile}) violates:`,
    ...lines,
    ...describeScript(script),
    ...shortTrace(trace.lines, first),
  ].join("\n");
}

function describeScript(script: Script): string[] {
  const { silos, clients, leaseTtlMs, durationMs, faults, calls } = script;
  const head = `script: ${silos} silos, ${clients} clients, lease ${leaseTtlMs} ms, ${Math.round(durationMs)} ms, ${calls.length} calls, ${faults.length} faults`;
  return [
    head,
    ...faults.map(({ at, fault }) => `  ${at.toFixed(0).padStart(8)} ${describeFault(fault)}`),
  ];
}

function shortTrace(
  lines: readonly TraceLine[],
  first: { readonly text: string; readonly at: number } | undefined,
): string[] {
  if (first === undefined) return [];
  const names = new Set(first.text.match(/\b(?:[A-Z][a-z]+\/[a-z0-9]+|k\d+(?:\.\d+)?)\b/g) ?? []);
  const concerns = ({ kind, text }: TraceLine): boolean => {
    if (kind === "fault" || (kind === "member" && !text.includes("renew"))) return true;
    return [...names].some((name) => text.includes(name));
  };
  // What is found out in the end has its cause anywhere.
  const isLate = !lines.some(({ at }) => at > first.at + 1);
  const chosen = lines.filter(
    (line) => concerns(line) && line.at <= first.at && (isLate || line.at >= first.at - BEFORE_MS),
  );
  const shown = chosen.slice(isLate ? 0 : -LINES_MAX, isLate ? LINES_MAX : undefined);
  return [
    `trace (${shown.length} of ${lines.length} lines; all with --trace):`,
    ...shown.map(formatTraceLine),
  ];
}

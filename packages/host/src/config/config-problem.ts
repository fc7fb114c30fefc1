import { TroupeError } from "@troupe/core";
import { isOptionName, OPTIONS } from "./option-catalog.ts";
import { redactText } from "./redact.ts";

/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** The option's name, or what else is wrong (the configuration file itself). */
  readonly option: string;
  /** Where it was given: `--listen`, `TROUPE_LISTEN`, the file's path. */
  readonly source: string;
  /** What was given; undefined if nothing was. */
  readonly value?: unknown;
  /** What would be right. */
  readonly right: string;
}

const VALUE_MAX_CHARACTERS = 100;

/** All problems in one error, so that they can be mended in one go. */
export function configError(problems: readonly ConfigProblem[]): TroupeError {
  const lines = problems.map((problem) => describe(problem));
  const [only = ""] = lines;
  const message =
    lines.length === 1
      ? only
      : `${lines.length} options are wrong:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  return new TroupeError("BAD_CONFIG", message);
}

function describe({ option, source, value, right }: ConfigProblem): string {
  const shown = value === undefined ? "" : ` ${shownValue(option, value)}`;
  return `${option} (${source})${shown}: ${right}`;
}

function shownValue(option: string, value: unknown): string {
  if (isOptionName(option) && OPTIONS[option].secret) return "(not shown)";
  const text = redactText(JSON.stringify(value) ?? String(value));
  return text.length <= VALUE_MAX_CHARACTERS ? text : `${text.slice(0, VALUE_MAX_CHARACTERS)}…`;
}

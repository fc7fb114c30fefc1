import { shownValue, TroupeError } from "@troupe/core";
import { isOptionName, OPTIONS } from "./option-catalog.ts";
import { redactValue } from "./redact.ts";

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
  const given = value === undefined ? "" : ` ${shownUnlessSecret(option, value)}`;
  return `${option} (${source})${given}: ${right}`;
}

function shownUnlessSecret(option: string, value: unknown): string {
  if (isOptionName(option) && OPTIONS[option].secret) return "(not shown)";
  // Secrets go first: of a text that was cut it is no longer seen where a password ends.
  return shownValue(redactValue(value, []));
}

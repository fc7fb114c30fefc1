import { ERROR_CODES, messageOf, TroupeError } from "@troupe/core";
import { redactText } from "@troupe/host";
import { printableJson, printableText } from "./printable-text.ts";

/** What a command ends with, and so the process. */
export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Data: what another program may read. */
export function printData(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What happens, for people; never on standard output. */
export function printNote(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Shows an error as `--json` asks, and gives the exit code for it. */
export function printError(error: unknown, json: boolean): number {
  const text = redactText(messageOf(error));
  if (json) printNote(printableJson({ error: { ...errorFields(error), message: text } }));
  else printNote(printableText(`${labelOf(error)}${text}`));
  const isUsage =
    error instanceof TroupeError &&
    (error.code === "BAD_CONFIG" || error.code === "BAD_DEFINITION");
  return isUsage ? EXIT_USAGE : EXIT_FAILED;
}

function errorFields(error: unknown): Record<string, unknown> {
  if (error instanceof TroupeError)
    return { code: error.code, ran: error.ran, retryable: error.retryable };
  return error instanceof Error ? { name: error.name } : {};
}

/** The messages of `TroupeError` begin with their code; what an actor threw needs its name. */
function labelOf(error: unknown): string {
  if (error instanceof TroupeError && Object.hasOwn(ERROR_CODES, error.code)) return "";
  return error instanceof Error ? `${error.name}: ` : "";
}

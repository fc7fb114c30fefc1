import { DURATION_FORMS, parseDuration, TroupeError } from "@troupe/core";

/**
 * Milliseconds that `--timeout` asks for; a bare number means milliseconds. Throws `BAD_CONFIG` for
 * anything else.
 */
export function readTimeout(given: unknown): number | undefined {
  if (given === undefined) return undefined;
  const timeout = parseDuration(
    typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given,
  );
  if (timeout !== undefined) return timeout;
  throw new TroupeError(
    "BAD_CONFIG",
    `timeout (--timeout) ${JSON.stringify(given)}: give ${DURATION_FORMS}`,
  );
}

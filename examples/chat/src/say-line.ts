import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

const PAUSE_MS = 200;

/**
 * Says a line in the room at `url`, and gives its number. Repeats it under the same key until it is
 * answered: so it is said once.
 */
export async function sayLine(
  url: string,
  line: { readonly name: string; readonly text: string },
  signal: AbortSignal,
): Promise<number> {
  const body = JSON.stringify({ ...line, key: randomUUID() });
  const headers = { "content-type": "application/json" };
  for (;;) {
    signal.throwIfAborted();
    try {
      const response = await fetch(`${url}/lines`, { method: "POST", headers, body, signal });
      const answer = (await response.json()) as {
        readonly number?: number;
        readonly error?: string;
      };
      if (answer.number !== undefined) return answer.number;
      if (response.status < 500) throw new RangeError(answer.error);
    } catch (error) {
      if (error instanceof RangeError) throw error;
      // The connection broke; whether the line was said is not known, and the key sees to that.
    }
    await pause(PAUSE_MS, undefined, { signal });
  }
}

import type { IncomingMessage } from "node:http";
import { Refusal } from "./refusal.ts";

/** A line of 500 characters takes less, however it is written in JSON. */
export const BODY_MAX_BYTES = 8_192;

/**
 * The body of a request as text. Throws a `Refusal` if it is too long or no JSON. A page of another
 * site cannot send JSON without asking first, and is not allowed to.
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const [type] = (request.headers["content-type"] ?? "").split(";", 1);
  if (type?.trim().toLowerCase() !== "application/json")
    throw new Refusal(415, "send the body as application/json");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES)
      throw new Refusal(413, `a body has at most ${BODY_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

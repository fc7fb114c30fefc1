import { TroupeError } from "@troupe/core";

/** Bytes of one line: the largest actor that can be imported, in base64. */
const LINE_BYTES_MAX = 400 * 1024 * 1024;

const NEWLINE = 0x0a;

/** The lines of bytes that come in pieces. Throws `BAD_CONFIG` for a line that does not end. */
export async function* textLines(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    let from = 0;
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...parts, piece.subarray(from, at)]).toString();
      parts = [];
      length = 0;
      from = at + 1;
    }
    parts.push(piece.subarray(from));
    length += piece.length - from;
    if (length > LINE_BYTES_MAX)
      throw new TroupeError("BAD_CONFIG", `a line has more than ${LINE_BYTES_MAX} bytes`);
  }
  if (length > 0) yield Buffer.concat(parts).toString();
}

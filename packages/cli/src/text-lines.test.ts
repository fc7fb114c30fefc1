import * as fc from "fast-check";
import { expect, it } from "vitest";
import { textLines } from "./text-lines.ts";

it("gives the lines of a text, wherever its pieces are cut", async () => {
  const line = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\n"));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 9 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      };
      expect(await Array.fromAsync(textLines(pieces()))).toEqual(lines);
    }),
  );
});

async function* twoPieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("one\ntw");
  yield Buffer.from("o");
}

it("gives a last line that has no end", async () => {
  expect(await Array.fromAsync(textLines(twoPieces()))).toEqual(["one", "two"]);
});

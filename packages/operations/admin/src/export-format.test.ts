import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ExportLine, readLine, writeLine } from "./export-format.ts";
import { checkExport } from "./import-actors.ts";

const HEADER =
  '{"troupe":"export","format":1,"exportId":"e","cluster":"bank","at":"x","types":null}';
const ACTOR = '{"type":"Account","id":"a","epoch":1,"version":1,"fields":{"s:x":"AAE="}}';
const END = '{"end":true,"actors":1,"fields":1,"bytes":2}';

async function* linesOf(lines: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* lines;
}

describe("a line of an export", () => {
  it("says what was written, whatever names and bytes there are", () => {
    const fields = fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.uint8Array()));
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fields, (id, pairs) => {
        const contents = { type: "Account", id, epoch: 3, version: 7, fields: new Map(pairs) };
        const line: ExportLine = { kind: "actor", actor: contents };
        expect(readLine(writeLine(line), 2)).toEqual(line);
      }),
    );
    const header = { exportId: "e", cluster: "bank", at: "x", types: ["Account"] };
    expect(readLine(writeLine({ kind: "header", header }), 1)).toEqual({ kind: "header", header });
  });
});

describe("an export", () => {
  it("counts what it has", async () => {
    expect(await checkExport(linesOf([HEADER, ACTOR, END]))).toEqual({
      actors: 1,
      fields: 1,
      bytes: 2,
    });
  });

  it.each([
    ["another format", ['{"troupe":"export","format":2}'], "line 1 of the export says format 2"],
    ["no header", [ACTOR], 'is no header: an export begins with {"troupe":"export"'],
    ["nothing at all", [], "the export is cut off: it has 0 actors and no end"],
    ["no end", [HEADER, ACTOR], "the export is cut off: it has 1 actors and no end"],
    ["half a line", [HEADER, ACTOR.slice(0, 30)], "line 2 of the export is no JSON"],
    ["something behind its end", [HEADER, ACTOR, END, ACTOR], "line 4 comes after the end"],
    ["an end that counts otherwise", [HEADER, END], "the export is damaged: its end says"],
    ["an end without counts", [HEADER, '{"end":true}'], "is an end without its counts"],
    ["no object", ["5"], "line 1 of the export is no object"],
    ["a header without an id", ['{"troupe":"export","format":1}'], "has no exportId"],
    ["an actor without an id", [HEADER, '{"type":"Account"}'], "it has no type or no id"],
    ["an actor without an epoch", [HEADER, '{"type":"A","id":"a"}'], "has no epoch or no version"],
    ["an actor without fields", [HEADER, ACTOR.replace("fields", "f")], "it has no fields"],
    ["a value that is no base64", [HEADER, ACTOR.replace("AAE=", "A!")], 'field "s:x" that is no'],
  ])("is refused with %s", async (_, lines, message) => {
    const checking = checkExport(linesOf(lines));
    await expect(checking).rejects.toMatchObject({ code: "BAD_CONFIG" });
    await expect(checking).rejects.toThrow(message);
  });
});

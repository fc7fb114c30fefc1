import { shownValue, TroupeError } from "@troupe/core";
import type { ActorContents } from "./actor-contents.ts";

/**
 * An export: lines of JSON. The first is the header, the last the end, and each between them is an
 * actor. Values of fields are base64 of what the store has, so they are exact for every part.
 */
export const EXPORT_FORMAT = 1;

/** What the header of an export says. */
export interface ExportHeader {
  readonly exportId: string;
  readonly cluster: string;
  /** When the export began, as ISO 8601. */
  readonly at: string;
  /** The types that were asked for; undefined stands for all. */
  readonly types: readonly string[] | undefined;
}

/** What the last line of an export says: how much came before it. */
export interface ExportEnd {
  readonly actors: number;
  readonly fields: number;
  /** Of the values of all fields. */
  readonly bytes: number;
}

/** One line of an export. */
export type ExportLine =
  | { readonly kind: "header"; readonly header: ExportHeader }
  | { readonly kind: "actor"; readonly actor: ActorContents }
  | { readonly kind: "end"; readonly end: ExportEnd };

/** How much of something there is in an actor. */
export function amountOf({ fields }: ActorContents): ExportEnd {
  let bytes = 0;
  for (const value of fields.values()) bytes += value.length;
  return { actors: 1, fields: fields.size, bytes };
}

/** The text of a line, without its end. */
export function writeLine(line: ExportLine): string {
  switch (line.kind) {
    case "header": {
      const { exportId, cluster, at, types } = line.header;
      const all = types === undefined ? null : types;
      return JSON.stringify({
        troupe: "export",
        format: EXPORT_FORMAT,
        exportId,
        cluster,
        at,
        types: all,
      });
    }
    case "actor": {
      const { type, id, epoch, version, fields } = line.actor;
      const encoded = Array.from(fields, ([name, value]) => [
        name,
        Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64"),
      ]);
      return JSON.stringify({ type, id, epoch, version, fields: Object.fromEntries(encoded) });
    }
    case "end":
      return JSON.stringify({ end: true, ...line.end });
  }
}

/** Reads a line. Throws `BAD_CONFIG`, naming the number of the line, if it is none of an export. */
export function readLine(text: string, number: number): ExportLine {
  const wrong = (why: string): TroupeError =>
    new TroupeError("BAD_CONFIG", `line ${number} of the export ${why}`);
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw wrong("is no JSON: the file is cut off, or is no export");
  }
  if (typeof given !== "object" || given === null) throw wrong("is no object");
  const line = given as Readonly<Record<string, unknown>>;
  if (number === 1) return { kind: "header", header: readHeader(line, wrong) };
  if (line["end"] === true) return { kind: "end", end: readEnd(line, wrong) };
  return { kind: "actor", actor: readActor(line, wrong) };
}

type Wrong = (why: string) => TroupeError;

function readHeader(line: Readonly<Record<string, unknown>>, wrong: Wrong): ExportHeader {
  const { troupe, format, exportId, cluster, at, types } = line;
  if (troupe !== "export") throw wrong('is no header: an export begins with {"troupe":"export",…');
  if (format !== EXPORT_FORMAT)
    throw wrong(
      `says format ${shownValue(format)}; this version of Troupe reads format ${EXPORT_FORMAT}`,
    );
  if (typeof exportId !== "string" || exportId === "") throw wrong("has no exportId");
  const names = Array.isArray(types) ? types.map(String) : undefined;
  return { exportId, cluster: String(cluster), at: String(at), types: names };
}

function readEnd(line: Readonly<Record<string, unknown>>, wrong: Wrong): ExportEnd {
  const { actors, fields, bytes } = line;
  if (!isWhole(actors) || !isWhole(fields) || !isWhole(bytes))
    throw wrong("is an end without its counts");
  return { actors, fields, bytes };
}

function readActor(line: Readonly<Record<string, unknown>>, wrong: Wrong): ActorContents {
  const { type, id, epoch, version, fields } = line;
  if (typeof type !== "string" || typeof id !== "string" || type === "" || id === "")
    throw wrong("is no actor: it has no type or no id");
  if (!isWhole(epoch) || !isWhole(version))
    throw wrong("is no actor: it has no epoch or no version");
  if (typeof fields !== "object" || fields === null || Array.isArray(fields))
    throw wrong("is no actor: it has no fields");
  const decoded = Object.entries(fields).map(([name, value]) => {
    const bytes = typeof value === "string" ? fromBase64(value) : undefined;
    if (bytes === undefined) throw wrong(`has a field ${JSON.stringify(name)} that is no base64`);
    return [name, bytes] as const;
  });
  return { type, id, epoch, version, fields: new Map(decoded) };
}

/** Undefined unless the text is base64 as it is written here: what is left out would be lost. */
function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? Uint8Array.from(bytes) : undefined;
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

import { readFileSync } from "node:fs";
import {
  actorReminder,
  actorReport,
  deadLetter,
  type FieldKind,
  importRequest,
  type Message,
  SILO_ADMIN,
  type AdminCall,
} from "@troupe/sdk";
import { describe, expect, it } from "vitest";

const PROTO = readFileSync(
  new URL("../../../../proto/troupe/admin.proto", import.meta.url),
  "utf8",
).replace(/\/\/.*$/gm, "");

interface Rpc {
  readonly request: string;
  readonly response: string;
}

/** The methods of a service, by name. */
function methodsOf(service: string): ReadonlyMap<string, Rpc> {
  const [, body = ""] = new RegExp(`service ${service} \\{([^}]*)\\}`).exec(PROTO) ?? [];
  const found = body.matchAll(/rpc (\w+)\((\w+)\) returns \((\w+)\);/g);
  return new Map(
    Array.from(found, ([, name = "", request = "", response = ""]) => [
      `${name[0]?.toLowerCase()}${name.slice(1)}`,
      { request, response },
    ]),
  );
}

/** The fields of a message in the order of their numbers: type and name. */
function fieldsOf(message: string): readonly string[] {
  const [, body] = new RegExp(`message ${message} \\{([^}]*)\\}`).exec(PROTO) ?? [];
  if (body === undefined) throw new Error(`the schema has no message ${message}`);
  const found = [...body.matchAll(/^\s*(.+?) (\w+) = (\d+);/gm)];
  expect(found.map(([, , , number]) => Number(number))).toEqual(found.map((_, at) => at + 1));
  return found.map(([, type, name]) => `${type} ${name}`);
}

function isMessage(kind: FieldKind<unknown>): kind is Message<Record<string, FieldKind<unknown>>> {
  return "fields" in kind;
}

function ownFields(kind: FieldKind<unknown>): readonly string[] {
  if (!isMessage(kind)) throw new Error(`${kind.proto} is no message`);
  return Object.entries(kind.fields).map(([name, { proto }]) => `${proto} ${underscored(name)}`);
}

function underscored(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The messages that fields of the schema refer to, from one message on. */
function messagesFrom(name: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const field of fieldsOf(name)) {
    const [type = ""] = field.replace("repeated ", "").split(" ");
    if (/^[A-Z]/.test(type)) messagesFrom(type, seen);
  }
  return seen;
}

const calls = Object.values(SILO_ADMIN) as AdminCall<unknown, unknown>[];

describe("proto/troupe/admin.proto", () => {
  it("has the methods of the contract, with their requests and responses", () => {
    const own = calls.map(({ name, request, response }) => {
      return [name, { request: request.proto, response: response.proto }] as const;
    });
    expect(methodsOf("SiloAdmin")).toEqual(new Map(own));
    expect(Object.keys(SILO_ADMIN)).toEqual(calls.map(({ name }) => name));
  });

  it("has the fields of every message, in their order and with their types", () => {
    const kinds = new Map<string, FieldKind<unknown>>();
    const collect = (kind: FieldKind<unknown>): void => {
      if (!isMessage(kind) || kinds.has(kind.proto)) return;
      kinds.set(kind.proto, kind);
      for (const field of Object.values(kind.fields)) collect(itemOf(field));
    };
    for (const kind of calls.flatMap((call) => [call.request, call.response])) collect(kind);
    for (const kind of [actorReminder, deadLetter, actorReport, importRequest]) collect(kind);
    expect(kinds.size).toBeGreaterThan(8);
    for (const [name, kind] of kinds) expect(ownFields(kind), name).toEqual(fieldsOf(name));
    const used = calls.flatMap(({ request, response }) => [
      ...messagesFrom(request.proto),
      ...messagesFrom(response.proto),
    ]);
    expect(new Set(used).difference(new Set(kinds.keys()))).toEqual(new Set());
  });

  it("has the turns that every actor offers to operators", () => {
    expect([...methodsOf("ActorAdmin").keys()]).toEqual([
      "reminders",
      "letters",
      "resend",
      "destroy",
      "show",
      "import",
      "drop",
    ]);
    expect(fieldsOf("ActorReminders")).toEqual(["repeated ActorReminder reminders"]);
    expect(fieldsOf("DeadLetters")).toEqual(["repeated DeadLetter letters"]);
    expect(fieldsOf("LetterRequest").at(-1)).toBe("uint64 seq");
  });
});

/** What a list is a list of. */
function itemOf(kind: FieldKind<unknown>): FieldKind<unknown> {
  return "item" in kind ? (kind.item as FieldKind<unknown>) : kind;
}

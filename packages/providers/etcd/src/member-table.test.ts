import type { Member } from "@troupe/core";
import type { IEvent, IKeyValue } from "etcd3";
import { describe, expect, it } from "vitest";
import { encodeMark } from "./mark.ts";
import { MemberKeys } from "./member-keys.ts";
import { encodeMember } from "./member-record.ts";
import { MemberTable } from "./member-table.ts";

const keys = new MemberKeys("bank");
const BASE = 1_000;

function member(siloId: string): Member {
  return { siloId, address: "a:1", state: "active", types: {}, version: "0.1.0", labels: {} };
}

function entry(key: Buffer, revision: number, value: Buffer = Buffer.alloc(0)): IKeyValue {
  return {
    key,
    value,
    mod_revision: String(revision),
    create_revision: "1",
    version: "1",
    lease: "0",
  };
}

const silo = (siloId: string, revision: number): IKeyValue =>
  entry(keys.silo(siloId), revision, encodeMember(member(siloId)));
const mark = (revision: number, base = BASE): IKeyValue =>
  entry(keys.mark, revision, encodeMark({ base, etcdCluster: "1" }));
const put = (kv: IKeyValue): IEvent => ({ type: "Put", kv, prev_kv: kv });
const gone = (key: Buffer, revision: number): IEvent => ({
  ...put(entry(key, revision)),
  type: "Delete",
});

function tableOf(...entries: readonly IKeyValue[]): { table: MemberTable; unreadable: string[] } {
  const unreadable: string[] = [];
  const table = new MemberTable(keys, (key) => unreadable.push(key));
  table.load(entries, BASE, Math.max(...entries.map(({ mod_revision }) => Number(mod_revision))));
  return { table, unreadable };
}

const summary = (table: MemberTable, events: readonly IEvent[]): [number, number, string][] =>
  table
    .apply(events)
    .map(({ view, before }) => [
      before,
      view.revision,
      view.members.map(({ siloId }) => siloId).join(),
    ]);

describe("MemberTable", () => {
  it("gives the view of a list at its last change, sorted by silo id", () => {
    const table = new MemberTable(keys, () => undefined);
    const view = table.load([silo("b", 5), mark(5), silo("B", 4), silo("a", 3)], BASE, 7);
    expect(view.revision).toBe(BASE + 7);
    expect(view.members.map(({ siloId }) => siloId)).toEqual(["B", "a", "b"]);
  });

  it("gives a view after each change, with the number of the one before", () => {
    const { table } = tableOf(mark(1));
    const events = [
      put(silo("a", 2)),
      put(mark(2)),
      put(silo("b", 3)),
      put(mark(3)),
      gone(keys.silo("a"), 4),
    ];
    expect(summary(table, events)).toEqual([
      [BASE + 1, BASE + 2, "a"],
      [BASE + 2, BASE + 3, "a,b"],
      [BASE + 3, BASE + 4, "b"],
    ]);
    expect(summary(table, [put(mark(9))])).toEqual([[BASE + 4, BASE + 9, "b"]]);
  });

  it("counts on with a mark that has another base", () => {
    const { table } = tableOf(mark(1));
    expect(summary(table, [put(mark(2, 5_000)), put(silo("a", 3)), put(mark(3, 5_000))])).toEqual([
      [BASE + 1, 5_002, ""],
      [5_002, 5_003, "a"],
    ]);
  });

  it("makes no views without a mark, and says that it is lost", () => {
    const { table } = tableOf(mark(1), silo("a", 1));
    expect(summary(table, [gone(keys.mark, 2), gone(keys.silo("a"), 3)])).toEqual([]);
    expect(table.markLost).toBe(true);
  });

  it("leaves out a record that it cannot read, and names its key", () => {
    const { table, unreadable } = tableOf(mark(1), silo("a", 1));
    const odd = entry(keys.silo("odd"), 2, Buffer.from('{"siloId":"odd"}'));
    expect(summary(table, [put(odd), put(mark(2))])).toEqual([[BASE + 1, BASE + 2, "a"]]);
    expect(unreadable).toEqual(["/troupe/bank/silos/odd"]);
  });

  it("knows how many keys there are, and of which change", () => {
    const { table } = tableOf(mark(2), silo("a", 1), silo("b", 2));
    expect([table.size, table.revision]).toEqual([3, 2]);
    table.apply([put(silo("b", 3)), put(mark(3)), gone(keys.silo("a"), 5)]);
    expect([table.size, table.revision]).toEqual([2, 5]);
  });

  it("shows no key beside the records as a member, and counts its changes", () => {
    const beside = Buffer.from("/troupe/bank/silos.other");
    const { table } = tableOf(mark(1), entry(beside, 1));
    expect(summary(table, [gone(beside, 2)])).toEqual([[BASE + 1, BASE + 2, ""]]);
  });
});

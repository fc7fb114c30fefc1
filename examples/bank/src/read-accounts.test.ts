import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readAccounts } from "./read-accounts.ts";

describe("the accounts of a CSV file", () => {
  it("are a thousand and without a mistake in the sample", () => {
    const { accounts, badLines } = readAccounts(
      readFileSync(new URL("../data/accounts.csv", import.meta.url), "utf8"),
    );
    expect(accounts.length).toBe(1_000);
    expect(badLines).toEqual([]);
  });

  it("are read from columns in any order, quoted or not, with decimals or without", () => {
    const text =
      '\uFEFFBalance,Note,Account,Holder\r\n12.5,"a, b",alice,"Alice ""A"" Adams"\r\n7,,bob,Bob\r\n';
    expect(readAccounts(text)).toEqual({
      accounts: [
        { id: "alice", holder: 'Alice "A" Adams', balance: 1250 },
        { id: "bob", holder: "Bob", balance: 700 },
      ],
      badLines: [],
    });
  });

  it("leave out bad lines, and say which and why", () => {
    const lines = [
      "account,holder,balance",
      "alice,Alice,100",
      "bob,Bob",
      "",
      ",Nobody,1",
      "carol,Carol,lots",
      "dave,Dave,-5",
      "alice,Alice again,1",
      'erin,"Erin,1',
      "frank,,1",
      `${"x".repeat(1_025)},Long,1`,
      "grace,Grace,1",
    ];
    const { accounts, badLines } = readAccounts(lines.join("\n"));
    expect(accounts.map(({ id }) => id)).toEqual(["alice", "grace"]);
    expect(badLines.map(({ line }) => line)).toEqual([3, 5, 6, 7, 8, 9, 10, 11]);
    expect(badLines.map(({ reason }) => reason)).toEqual([
      "it has 2 fields, not 3",
      "the account has no id",
      'the balance "lots" is no amount such as 1200 or 1200.50',
      'the balance "-5" is no amount such as 1200 or 1200.50',
      "there is an account alice already",
      "a double quote stands where none can",
      "the account frank has no holder",
      "the id of the account has more than 1024 bytes",
    ]);
  });

  it("cannot be read without the names of the columns", () => {
    expect(() => readAccounts("alice,Alice,100\n")).toThrow("account, holder, balance");
    expect(() => readAccounts("")).toThrow("is missing");
  });
});

import { parseCsv } from "./csv.ts";

/** An account to open. */
export interface AccountLine {
  readonly id: string;
  readonly holder: string;
  /** Whole cents. */
  readonly balance: number;
}

export interface BadLine {
  readonly line: number;
  readonly reason: string;
}

export interface AccountFile {
  readonly accounts: readonly AccountLine[];
  /** Lines that are left out, and why. */
  readonly badLines: readonly BadLine[];
}

const COLUMNS = ["account", "holder", "balance"] as const;

/**
 * Whole units with up to two decimals; at most nine digits, so that sums of many accounts stay
 * exact.
 */
const MONEY = /^(\d{1,9})(?:\.(\d{1,2}))?$/;

/** Troupe's limit for an actor's id. */
const ID_MAX_BYTES = 1_024;

/**
 * The accounts of a CSV text whose first line names the columns account, holder and balance, in any
 * order and perhaps among others. Throws if it does not; every other mistake costs its line only.
 */
export function readAccounts(text: string): AccountFile {
  const [header, ...records] = parseCsv(text);
  const names = header?.kind === "fields" ? header.fields.map((field) => field.toLowerCase()) : [];
  const places = COLUMNS.map((column) => names.indexOf(column));
  const missing = COLUMNS.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new RangeError(
      `the first line must name the columns ${COLUMNS.join(", ")}; ${missing.join(", ")} is missing`,
    );
  }
  const accounts = new Map<string, AccountLine>();
  const badLines: BadLine[] = [];
  for (const record of records) {
    const { line } = record;
    const read =
      record.kind === "bad" ? record.reason : readLine(record.fields, names.length, places);
    if (typeof read === "string") badLines.push({ line, reason: read });
    else if (accounts.has(read.id))
      badLines.push({ line, reason: `there is an account ${read.id} already` });
    else accounts.set(read.id, read);
  }
  return { accounts: [...accounts.values()], badLines };
}

/** The account of a line, or what is wrong with the line. */
function readLine(
  fields: readonly string[],
  columns: number,
  places: readonly number[],
): AccountLine | string {
  if (fields.length !== columns) return `it has ${fields.length} fields, not ${columns}`;
  const [id = "", holder = "", balance = ""] = places.map((place) => fields[place]);
  if (id === "") return "the account has no id";
  if (Buffer.byteLength(id) > ID_MAX_BYTES || !id.isWellFormed())
    return `the id of the account has more than ${ID_MAX_BYTES} bytes`;
  if (holder === "") return `the account ${id} has no holder`;
  const [money, units, decimals = ""] = MONEY.exec(balance) ?? [];
  if (money === undefined)
    return `the balance ${JSON.stringify(balance)} is no amount such as 1200 or 1200.50`;
  return { id, holder, balance: Number(units) * 100 + Number(decimals.padEnd(2, "0")) };
}

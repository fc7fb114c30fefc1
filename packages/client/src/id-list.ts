import { ACTOR_ID_MAX_BYTES, shownValue, TroupeError } from "@troupe/core";

/** Which ids to list. */
export interface IdQuery {
  /** Only ids that begin with this. Default: all. */
  readonly prefix?: string;
  /** The `next` of the page before. Default: from the beginning. */
  readonly after?: string;
  /** Ids that one page aims at, from 1 to 1,000. Default: 1,000. */
  readonly limit?: number;
}

/** A part of a list of ids. */
export interface IdPage {
  readonly ids: readonly string[];
  /** What the next page starts after. Undefined on the last page. */
  readonly next: string | undefined;
}

/**
 * Ids in pages. To await it gives one page, and to iterate it gives every id from there on, one
 * page after the other. Each time it is awaited or iterated it asks anew.
 */
export interface IdList extends PromiseLike<IdPage>, AsyncIterable<string> {}

/** A query with its defaults. `after` is empty for the first page. */
export interface CheckedIdQuery {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

/** Ids of one page at most: the answer stays far below the limit of a message. */
const LIMIT_MAX = 1_000;

/** Throws `BAD_CONFIG` unless the query is right. */
export function checkedIdQuery({ prefix = "", after, limit = LIMIT_MAX }: IdQuery): CheckedIdQuery {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw wrong("limit", limit, `a whole number from 1 to ${LIMIT_MAX}`);
  if (typeof prefix !== "string" || !isIdText(prefix))
    throw wrong("prefix", prefix, `a text of at most ${ACTOR_ID_MAX_BYTES} bytes of UTF-8`);
  if (after !== undefined && (typeof after !== "string" || after === ""))
    throw wrong("after", after, "the next of the page before");
  return { prefix, after: after ?? "", limit };
}

function isIdText(text: string): boolean {
  return text.isWellFormed() && Buffer.byteLength(text) <= ACTOR_ID_MAX_BYTES;
}

function wrong(option: string, given: unknown, right: string): TroupeError {
  return new TroupeError("BAD_CONFIG", `${option} is ${shownValue(given)}; give ${right}`);
}

/** A list whose pages `read` gets. */
export class PagedIds implements IdList {
  readonly #query: CheckedIdQuery;
  readonly #read: (query: CheckedIdQuery) => Promise<IdPage>;

  constructor(query: CheckedIdQuery, read: (query: CheckedIdQuery) => Promise<IdPage>) {
    this.#query = query;
    this.#read = read;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a page is what most who await a list want.
  then<T = IdPage, F = never>(
    onPage?: ((page: IdPage) => T | PromiseLike<T>) | null,
    onFailure?: ((reason: unknown) => F | PromiseLike<F>) | null,
  ): Promise<T | F> {
    return this.#read(this.#query).then(onPage, onFailure);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    let query = this.#query;
    while (true) {
      // oxlint-disable-next-line no-await-in-loop -- a page says where the next one begins.
      const { ids, next } = await this.#read(query);
      yield* ids;
      if (next === undefined) return;
      query = { ...query, after: next };
    }
  }
}

import type { ActorAddress, Claim, ClaimResult } from "@troupe/core";
import type { Batch, Settle } from "./batch.ts";
import { numbersArray, parseBytes, textsArray } from "./binary-array.ts";
import { CLAIM_ROW } from "./claim-function.ts";
import { textOf } from "./due-columns.ts";
import type { Row, Statement } from "./postgres-connection.ts";

/** The answers may be as large as the states of all of its actors together. */
export const CLAIMS_MAX = 32;

interface ClaimRequest {
  readonly address: ActorAddress;
  readonly claim: Claim;
  /** Which of the store's claims it is. */
  readonly number: number;
  readonly settle: Settle<ClaimResult>;
}

export interface ClaimBatchOptions {
  /** The function. */
  readonly call: string;
  /** Tells the claims of one store from those of every other. */
  readonly store: string;
  readonly claimsMax: number;
  readonly openedAt: number;
}

/** Claims that one call of the function serves. */
export class ClaimBatch implements Batch {
  readonly openedAt: number;
  readonly #function: string;
  readonly #store: string;
  readonly #claimsMax: number;
  readonly #requests: ClaimRequest[] = [];

  constructor({ call, store, claimsMax, openedAt }: ClaimBatchOptions) {
    this.#function = call;
    this.#store = store;
    this.#claimsMax = claimsMax;
    this.openedAt = openedAt;
  }

  get isFull(): boolean {
    return this.#requests.length >= this.#claimsMax;
  }

  add(request: ClaimRequest): void {
    this.#requests.push(request);
  }

  statement(): Statement {
    const requests = this.#requests;
    return {
      name: "claim",
      text: `SELECT * FROM ${this.#function}($1, $2, $3, $4, $5, $6, $7)`,
      values: [
        textsArray(requests.map(({ address }) => address.type)),
        textsArray(requests.map(({ address }) => address.id)),
        numbersArray(requests.map(({ claim }) => claim.revision)),
        textsArray(requests.map(({ claim }) => claim.siloId)),
        this.#store,
        numbersArray(requests.map(({ number }) => number)),
        numbersArray(requests.map(({ claim }) => claim.epochAbove ?? 0)),
      ],
    };
  }

  settle(rows: readonly Row[]): void {
    const fields = this.#requests.map(() => new Map<string, Uint8Array>());
    for (const [place, kind, , , name, value] of rows) {
      if (Number(kind) === CLAIM_ROW.field)
        fields[Number(place) - 1]?.set(textOf(name), parseBytes(value ?? ""));
    }
    for (const [place, kind, high, low, name] of rows) {
      const index = Number(place) - 1;
      const settle = this.#requests[index]?.settle;
      if (Number(kind) === CLAIM_ROW.refused)
        settle?.resolve({ kind: "refused", revision: Number(high), siloId: textOf(name) });
      else if (Number(kind) === CLAIM_ROW.claimed) {
        settle?.resolve({
          kind: "claimed",
          epoch: Number(high),
          version: Number(low),
          fields: fields[index] ?? new Map(),
        });
      }
    }
    this.fail(new RangeError("the answer is for other claims"));
  }

  fail(error: unknown): void {
    for (const { settle } of this.#requests) settle.reject(error);
  }
}

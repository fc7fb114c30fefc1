import { createHash } from "node:crypto";
import { CLAIM_ANSWER, CLAIM_PARAMETERS, claimBody } from "./claim-function.ts";
import { COMMIT_ANSWER, COMMIT_PARAMETERS, commitBody } from "./commit-function.ts";
import { quoted } from "./schema-name.ts";

const DIGEST_KEPT = 12;

/** A function of the database, in the schema of a cluster. */
export interface StoreFunction {
  readonly name: string;
  /** The statement that makes it. */
  readonly definition: string;
  /** As it is called: `"troupe_bank"."claim_0123456789ab"`. */
  readonly call: string;
}

/** The functions by which the store changes actors. */
export interface StoreFunctions {
  readonly claim: StoreFunction;
  readonly commit: StoreFunction;
}

/**
 * The functions of this version in the schema. A digest of what a function does is part of its
 * name. So silos of two versions of Troupe, each with functions of its own, work on the same
 * tables during an upgrade. Functions of earlier versions stay.
 */
export function functionsOf(schema: string): StoreFunctions {
  const at = quoted(schema);
  return {
    claim: functionOf(at, "claim", `(${CLAIM_PARAMETERS}) RETURNS ${CLAIM_ANSWER}`, claimBody(at)),
    commit: functionOf(
      at,
      "commit",
      `(${COMMIT_PARAMETERS}) RETURNS ${COMMIT_ANSWER}`,
      commitBody(at),
    ),
  };
}

function functionOf(at: string, verb: string, signature: string, body: string): StoreFunction {
  const digest = createHash("sha256").update(signature).update(body).digest("hex");
  const name = `${verb}_${digest.slice(0, DIGEST_KEPT)}`;
  const call = `${at}.${quoted(name)}`;
  return {
    name,
    call,
    definition: `CREATE FUNCTION ${call}${signature} LANGUAGE plpgsql AS $body$${body}$body$;`,
  };
}

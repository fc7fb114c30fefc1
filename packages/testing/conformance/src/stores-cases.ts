import { DUE_CHANGES } from "./due-change-cases.ts";
import { LISTING } from "./listing-cases.ts";
import { RANGES } from "./range-cases.ts";
import { READING } from "./reading-cases.ts";
import { RETIREMENT } from "./retirement-cases.ts";
import type { StoreCaseGroups } from "./store-cases.ts";
import type { Stores } from "./stores-suite.ts";

/** What the stores of one storage must do together, each promise by its name. */
export const STORES_CASES: StoreCaseGroups<Stores> = {
  "entries of commits": DUE_CHANGES,
  "reading without a claim": READING,
  "ranges of fields": RANGES,
  retiring: RETIREMENT,
  listing: LISTING,
};

import type { Fetch } from "./partition.ts";
import { badInput, textProblem } from "./publish-options.ts";
import { groupProblem, isGroupName } from "./subscription.ts";

const CONSUMER_MAX_BYTES = 128;

/** What a program asks of a partition. Throws `BAD_INPUT` if it is nothing that may be asked. */
export function parseFetch(value: unknown): Fetch {
  if (typeof value !== "object" || value === null) throw badInput("there is nothing to fetch");
  const { pull, consumer, start, count } = value as Partial<Record<keyof Fetch, unknown>>;
  const { group, doneBefore, from } = Object(pull) as Partial<Record<string, unknown>>;
  const problem =
    (isGroupName(group) ? undefined : `its group ${groupProblem(group)}`) ??
    textProblem("its consumer", consumer ?? "", CONSUMER_MAX_BYTES) ??
    (isPlace(doneBefore) && isPlace(from) ? undefined : "its places must be numbers") ??
    (count === "leave" || (isPlace(count) && count !== undefined)
      ? undefined
      : 'its count must be a number, or "leave"') ??
    (start === "earliest" || start === "latest" ? undefined : "its start is wrong");
  if (problem !== undefined) throw badInput(`nothing can be fetched: ${problem}`);
  return { pull: { group, doneBefore, from }, consumer, start, count } as Fetch;
}

function isPlace(value: unknown): boolean {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0);
}

import { type Member, TroupeError } from "@troupe/core";

/**
 * The member that the text names: by its id, by the beginning of its id, or by its address. Throws
 * `BAD_CONFIG` that lists the silos.
 */
export function findSilo(members: readonly Member[], text: string): Member {
  const exact = members.find(({ siloId, address }) => siloId === text || address === text);
  if (exact !== undefined) return exact;
  const [found, ...others] =
    text === "" ? [] : members.filter(({ siloId }) => siloId.startsWith(text));
  if (found !== undefined && others.length === 0) return found;
  const problem =
    found === undefined
      ? "names no silo of the cluster"
      : "is the beginning of more than one silo's id";
  const listed = (found === undefined ? members : [found, ...others]).map(
    ({ siloId, address, state }) => `\n  ${siloId} at ${address}, ${state}`,
  );
  throw new TroupeError(
    "BAD_CONFIG",
    `"${text}" ${problem}; give the id, its beginning or the address of one of:${listed.join("")}`,
  );
}

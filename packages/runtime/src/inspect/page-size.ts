import { TroupeError } from "@troupe/core";

/** Entries of one page: the answer stays far below the limit of a message. */
export const PAGE_SIZE_MAX = 1_000;

/** The size that a request asks for; 0 stands for the most. */
export function pageSizeOf(asked: number): number {
  if (asked <= PAGE_SIZE_MAX) return asked === 0 ? PAGE_SIZE_MAX : asked;
  throw new TroupeError(
    "BAD_CONFIG",
    `pageSize is ${asked}; give at most ${PAGE_SIZE_MAX}, or 0 for as many`,
  );
}

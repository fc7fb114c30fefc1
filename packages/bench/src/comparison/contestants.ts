import { bullmq } from "./bullmq-contestant.ts";
import { comedy } from "./comedy-contestant.ts";
import type { Contestant } from "./contestant.ts";
import { restate } from "./restate-contestant.ts";
import { troupeEmbedded, troupeOnRedis } from "./troupe-contestant.ts";
import { workerd } from "./workerd-contestant.ts";

/** The columns of the comparison, in their order. */
export const CONTESTANTS: readonly Contestant[] = [
  troupeOnRedis,
  troupeEmbedded,
  workerd,
  restate,
  bullmq,
  comedy,
];

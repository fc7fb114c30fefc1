import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { Source } from "../actors/source.ts";
import { compare } from "../measuring/compare.ts";
import { CpuCost, ownCpu } from "../measuring/cpu-cost.ts";
import { RemotePair } from "./remote-pair.ts";

const MANY = 64;

/** Reading the clock costs as much as taking an item does, so it is read once in so many. */
const ITEMS_PER_LOOK = 64;

/**
 * What an item of a stream costs beyond the link that carries it. The ratio is that of many
 * streams: a lone one waits for its reader's credit, by which a slow reader stops it, once in a
 * window; the bare link has nothing of the kind.
 */
export const stream: Bench = {
  name: "stream",
  what: `items from silo process to client process, ${MANY} streams; against a bare gRPC stream with as many items in batches`,
  unit: "items/s",
  target: { of: "ratio", sense: "at-least", limit: 0.4 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  await using pair = await RemotePair.start(context);
  const many = await compareItems(context, pair, MANY);
  const one = await compareItems(context, pair, 1);
  return { ...many, details: { ...many.details, oneStream: one } };
}

/** Whoever reads counts each item of each round, and stops when its time is over. */
async function compareItems(
  context: BenchContext,
  pair: RemotePair,
  streams: number,
): Promise<Measurement> {
  context.progress(streams === 1 ? "one stream" : `${streams} streams`);
  const ours = new CpuCost({ client: ownCpu, silo: () => pair.silo.cpu() });
  const baseline = new CpuCost({ client: ownCpu, server: () => pair.server.cpu() });
  const measured = await compare(context, {
    ours: () => ours.of((count) => rateOf(context, count, (take) => ourItems(pair, streams, take))),
    baseline: () =>
      baseline.of((count) => rateOf(context, count, (take) => pair.items.read(streams, take))),
  });
  const cpuMicrosEach = { ours: ours.microsEach, baseline: baseline.microsEach };
  return { ...measured, details: { ...measured.details, cpuMicrosEach } };
}

/** False when no more is wanted. */
type Take = () => boolean;

/** Items a second that `read` hands to what it is given, until that wants no more. */
async function rateOf(
  { clock, quick }: BenchContext,
  count: () => void,
  read: (take: Take) => Promise<unknown>,
): Promise<number> {
  const start = clock.monotonic();
  const end = start + (quick ? 100 : 2_000);
  let items = 0;
  let isOver = false;
  await read(() => {
    count();
    if (++items % ITEMS_PER_LOOK === 0) isOver ||= clock.monotonic() >= end;
    return !isOver;
  });
  return (items * 1_000) / (clock.monotonic() - start);
}

async function ourItems({ cluster }: RemotePair, streams: number, take: Take): Promise<void> {
  const read = async (index: number): Promise<void> => {
    for await (const _ of cluster.actor(Source, `source-${index}`).lines()) if (!take()) return;
  };
  await Promise.all(Array.from({ length: streams }, (_, index) => read(index)));
}

import type { Clock } from "@troupe/core";
import { Condition } from "@troupe/core";
import type { Fetch, Fetched } from "./partition.ts";
import { PartitionFeed } from "./partition-feed.ts";
import { badInput } from "./publish-options.ts";
import { type From, groupProblem, isGroupName } from "./subscription.ts";
import { fieldsOf, type Topic } from "./topic.ts";
import { eventWithoutReferences, type TopicEvent } from "./topic-event.ts";

/** How a program reads a topic. */
export interface ConsumeOptions {
  /**
   * Programs with the same group share the events: each partition is read by one of them at a time.
   * The topic knows how far the group has come, for as long as somebody reads for it, and for the
   * retention time after that.
   */
  readonly group: string;
  /** Where a group begins that the topic does not know. Default: `"latest"`. */
  readonly from?: From;
  /** Ends the reading when it is aborted. */
  readonly signal?: AbortSignal;
}

/** An event for a program, which says when it is done with it. */
export interface ReceivedEvent<Data = unknown> extends TopicEvent<Data> {
  /**
   * The program is done with the event. Resolves when the topic has noted it, and with false if the
   * event may come again nevertheless, because another program reads its partition by now. Earlier
   * events of the partition that are not acknowledged hold the place of the group.
   */
  ack(): Promise<boolean>;
}

/** Checks what a program gave. Throws `BAD_INPUT`. */
export function checkConsumeOptions(options: unknown): ConsumeOptions {
  const problems: string[] = [];
  const known = ["group", "from", "signal"];
  const given = fieldsOf(options, "the options", known, (text) => problems.push(text));
  const { group, from = "latest" } = given;
  if (!isGroupName(group)) problems.push(`group ${groupProblem(group)}`);
  if (from !== "earliest" && from !== "latest")
    problems.push('from must be "earliest" or "latest"');
  if (problems.length > 0) throw badInput(`subscribe: ${problems.join("; ")}`);
  return options as ConsumeOptions;
}

/** What a consumer needs besides its options. */
export interface ConsumerParts {
  readonly clock: Clock;
  /** Tells this consumer from all others. */
  readonly name: string;
  fetch(partition: number, request: Fetch): Promise<Fetched | number>;
}

/** How long the reading waits for an event before it looks again by itself. */
const LOOK_MS = 60_000;

/**
 * The events of a topic for a program: at least once, and those of one partition in order. Ends
 * with the signal, or when the program leaves the loop; then its partitions are free for others.
 */
export async function* consume<Data>(
  topic: Topic<Data>,
  { group, from = "latest", signal }: ConsumeOptions,
  parts: ConsumerParts,
): AsyncGenerator<ReceivedEvent<Data>, void, undefined> {
  const { clock, name } = parts;
  const condition = new Condition(clock);
  let failure: unknown;
  const feeds = Array.from(
    { length: topic.partitions },
    (_, partition) =>
      new PartitionFeed({
        clock,
        fetch: ({ count, ...places }) =>
          parts.fetch(partition, {
            pull: { group, ...places },
            consumer: name,
            start: from,
            count,
          }),
        changed: (found) => {
          failure ??= found;
          condition.notify();
        },
      }),
  );
  const wake = (): void => condition.notify();
  signal?.addEventListener("abort", wake, { once: true });
  const running = feeds.map((feed) => feed.run());
  try {
    for (let turn = 0; !isAborted(signal); turn++) {
      if (failure !== undefined) throw failure;
      const taken = takeFrom(feeds, turn);
      if (taken !== undefined) {
        const event = eventWithoutReferences(taken.entry.event) as TopicEvent<Data>;
        yield { ...event, ack: taken.ack };
        continue;
      }
      // oxlint-disable-next-line no-await-in-loop -- there is nothing to give until then.
      await condition.wait(() => isReady(feeds, failure, signal), LOOK_MS);
    }
  } finally {
    signal?.removeEventListener("abort", wake);
    for (const feed of feeds) feed.close();
    await Promise.all(running);
  }
}

/** The next event: each time another partition is the first to be asked. */
function takeFrom(
  feeds: readonly PartitionFeed[],
  turn: number,
): ReturnType<PartitionFeed["take"]> {
  for (let offset = 0; offset < feeds.length; offset++) {
    const taken = feeds[(turn + offset) % feeds.length]?.take();
    if (taken !== undefined) return taken;
  }
  return undefined;
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function isReady(
  feeds: readonly PartitionFeed[],
  failure: unknown,
  signal: AbortSignal | undefined,
): boolean {
  return failure !== undefined || isAborted(signal) || feeds.some((feed) => feed.hasEvents);
}

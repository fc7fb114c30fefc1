import { TopicAccess } from "@troupe/topics";
import { publish, subscribe, topic, type TopicCluster, type TopicEvent } from "@troupe/topics";
import { type ActorType, actor, readonly, state } from "@troupe/sdk";
import type { Probe } from "./probe.ts";
import type { SimProcess } from "./sim-process.ts";
import { IDLE_AFTER, watchedActor } from "./watched-actor.ts";

/** One event. `n` rises with each that its herald publishes. */
export interface News {
  readonly id: string;
  readonly from: string;
  readonly n: number;
}

/** What a listener was told, in order, each as `key from n id`. */
export interface ListenerReport {
  readonly heard: readonly string[];
  readonly copied: readonly string[];
}

/** How many of each there are. */
export const KEYS = 4;
export const HERALDS = 3;
export const LISTENERS = 2;

/** Few partitions, so that events wait for each other. */
export const PARTITIONS = 2;

/** Who publishes without being an actor. */
export const PROGRAM = "program";

/** Of the events the group of copies gets one of so many. */
const COPIED_ONE_OF = 3;

/** One event of so many fails when its process sees it first. */
const FAILING_ONE_OF = 4;

/** So long that silos die with events that wait behind others. */
const HEAR_MS = 20;

export const news = topic<News>("news", { partitions: PARTITIONS });

/** The listener of a key. */
export function listenerOf(key: string): string {
  return `n${Number(key.slice(1)) % LISTENERS}`;
}

/** True if the group of copies gets the event. */
export function isCopied({ n }: Pick<News, "n">): boolean {
  return n % COPIED_ONE_OF === 0;
}

const RETRY = { attempts: 100, backoff: "200ms" } as const;

/** Heralds publish in their turns, and listeners handle what they publish. */
export function newsActors(probe: Probe): readonly ActorType[] {
  const Watched = watchedActor(probe);
  const failed = new Set<string>();
  let hearings = 0;

  @actor("Herald", { idleAfter: IDLE_AFTER })
  class Herald extends Watched {
    @state() accessor count = 0;

    async herald(call: string, key: string, count: number): Promise<void> {
      await probe.turn(this, { call, method: "herald" }, () => this.#publish(call, key, count));
    }

    /** Publishes nothing in the end. */
    async falter(call: string, key: string, count: number): Promise<void> {
      await probe.turn(this, { call, method: "falter" }, () => {
        this.#publish(call, key, count);
        throw new RangeError("not after all");
      });
    }

    #publish(call: string, key: string, count: number): void {
      for (let index = 0; index < count; index++) {
        const data = { id: newsOf(call, index), from: this.id, n: this.count++ };
        publish(this, news, data, { key });
      }
    }
  }

  @actor("Listener", { idleAfter: IDLE_AFTER })
  class Listener extends Watched {
    @state() accessor heard: string[] = [];
    @state() accessor copied: string[] = [];

    @subscribe(news, { id: (event) => listenerOf(event.partitionkey ?? ""), retry: RETRY })
    async onNews(event: TopicEvent<News>): Promise<void> {
      await this.#hear(event, "onNews", this.heard);
    }

    @subscribe(news, {
      id: () => "n0",
      group: "copies",
      when: ({ data }) => isCopied(data),
      retry: RETRY,
    })
    async onCopy(event: TopicEvent<News>): Promise<void> {
      await this.#hear(event, "onCopy", this.copied);
    }

    @readonly()
    async facts(call: string): Promise<ListenerReport> {
      return await probe.turn(this, { call, method: "facts", shared: true }, () => {
        const { heard, copied } = this;
        return { heard, copied };
      });
    }

    async #hear(event: TopicEvent<News>, method: string, told: string[]): Promise<void> {
      const { id, from, n } = event.data;
      await probe.turn(this, { call: `${method} ${id} ${++hearings}`, method }, async () => {
        await probe.work(HEAR_MS);
        told.push(`${event.partitionkey} ${from} ${n} ${id}`);
        const name = `${method} ${id}`;
        if (n % FAILING_ONE_OF !== 0 || failed.has(name)) return;
        failed.add(name);
        throw new RangeError("not at the first time");
      });
    }
  }

  return [Herald, Listener];
}

/** The name of one of the events of a call. */
export function newsOf(call: string, index: number): string {
  return `${call}/${index}`;
}

/** The type of calls that are no calls of an actor: a program publishes under a key. */
export const NEWS_TYPE = "News";

/** What such a call is made of. */
export function newsReference(
  cluster: TopicCluster,
  process: SimProcess,
  key: string,
): Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>> {
  const access = new TopicAccess(cluster, { clock: process.clock, source: `/${process.name}` });
  return {
    publish: (id, n) => {
      const data = { id: String(id), from: PROGRAM, n: Number(n) };
      return access.publish(news, data, { key, id: data.id });
    },
  };
}

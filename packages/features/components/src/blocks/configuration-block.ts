import {
  type Clock,
  Condition,
  type ConfigurationStore,
  type Logger,
  messageOf,
  type TroupeError,
} from "@troupe/core";
import type { CallLimits, ComponentCalls } from "./component-calls.ts";
import {
  ConfigurationFeed,
  type ConfigurationItems,
  type FollowedKeys,
} from "./configuration-feed.ts";
import { LatestValue } from "./latest-value.ts";

/** A setting that is kept current. */
export interface ConfigurationValue<T> extends AsyncDisposable {
  /** The last value that could be parsed. */
  readonly current: T;
  /** It stays as it is after this. */
  close(): Promise<void>;
}

/** What the parts of a block share. */
export interface ConfigurationBlockOptions {
  readonly store: ConfigurationStore;
  readonly calls: ComponentCalls;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Milliseconds until the first value has to be there. */
const FIRST_VALUE_MS = 10_000;

/** The settings of the store of one name. */
export class ConfigurationBlock {
  readonly #options: ConfigurationBlockOptions;
  readonly #feeds = new Set<ConfigurationFeed>();
  #isClosed = false;

  constructor(options: ConfigurationBlockOptions) {
    this.#options = options;
  }

  /** The settings of these keys, by key; all if none is named. A missing one is left out. */
  get(keys: readonly string[] = [], limits: CallLimits = {}): Promise<ConfigurationItems> {
    const { store, calls } = this.#options;
    return calls.run(() => store.get(keys), limits);
  }

  /**
   * The settings of these keys, now and after each change. Who is slow gets the last state and not
   * each one in between; nobody misses the last one, also over a break of the watch (K4). Ends when
   * the loop is left, when the signal is aborted, and when the components are closed.
   */
  async *subscribe(
    keys: readonly string[] = [],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ConfigurationItems, void, void> {
    this.#requireWatch();
    const latest = new LatestValue<ConfigurationItems>();
    const end = (): void => latest.end();
    const feed = this.#follow({
      keys,
      onItems: (items) => latest.put(items),
      onClosed: end,
    });
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted === true) end();
    try {
      for (let items = await latest.take(); items !== undefined; items = await latest.take())
        yield items;
    } finally {
      signal?.removeEventListener("abort", end);
      await this.#unfollow(feed);
    }
  }

  /**
   * The value of a key, kept current. `parse` gets undefined while the key is not there. If it
   * throws for the first value, that is `BAD_CONFIG`; for a later one, the value before stays and
   * the log says why.
   */
  async value<T>(
    key: string,
    parse: (text: string | undefined) => T,
  ): Promise<ConfigurationValue<T>> {
    this.#requireWatch();
    const { calls, clock, logger } = this.#options;
    let state: { readonly kind: "parsed"; readonly value: T } | undefined;
    let failure: TroupeError | undefined;
    const first = new Condition(clock);
    const onItems = (items: ConfigurationItems): void => {
      try {
        state = { kind: "parsed", value: parse(items.get(key)?.value) };
      } catch (error) {
        failure = calls.error("BAD_CONFIG", `${key}: ${messageOf(error)}`, { cause: error });
        logger.warn(
          { event: "setting_refused", component: calls.title, key, reason: messageOf(error) },
          "a setting cannot be parsed; the value before stays",
        );
      }
      first.notify();
    };
    const feed = this.#follow({ keys: [key], onItems });
    const isThere = await first.wait(() => (state ?? failure) !== undefined, FIRST_VALUE_MS);
    const parsed = state;
    if (parsed === undefined) {
      await this.#unfollow(feed);
      throw isThere && failure !== undefined
        ? failure
        : calls.error("COMPONENT_UNAVAILABLE", `${key}: no answer within ${FIRST_VALUE_MS} ms`);
    }
    const close = (): Promise<void> => this.#unfollow(feed);
    return {
      get current() {
        return (state ?? parsed).value;
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  /** Ends everything that follows settings. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#feeds, (feed) => this.#unfollow(feed)));
  }

  #follow(followed: FollowedKeys): ConfigurationFeed {
    if (this.#isClosed) throw this.#options.calls.error("COMPONENT_UNAVAILABLE", "it is closed");
    const feed = new ConfigurationFeed({ ...this.#options, ...followed });
    this.#feeds.add(feed);
    feed.start();
    return feed;
  }

  async #unfollow(feed: ConfigurationFeed): Promise<void> {
    this.#feeds.delete(feed);
    await feed.close();
  }

  #requireWatch(): void {
    const { store, calls } = this.#options;
    if (!store.capabilities.watch)
      throw calls.error("NOT_SUPPORTED", "this type of component cannot watch settings");
  }
}

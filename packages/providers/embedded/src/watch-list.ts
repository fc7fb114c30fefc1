import { messageOf, type Logger, type View, type ViewListener } from "@troupe/core";

/** One listener, and how far it is. */
interface Watch {
  readonly listener: ViewListener;
  revision: number | undefined;
  broken: boolean;
}

/**
 * The listeners of one provider: each gets each view once, in order of revision, whoever brings it
 * and however often.
 */
export class WatchList {
  readonly #watches = new Set<Watch>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get isEmpty(): boolean {
    return this.#watches.size === 0;
  }

  add(listener: ViewListener): Watch {
    const watch: Watch = { listener, revision: undefined, broken: false };
    this.#watches.add(watch);
    return watch;
  }

  remove(watch: Watch): void {
    this.#watches.delete(watch);
  }

  clear(): void {
    this.#watches.clear();
  }

  /**
   * Gives the view to whoever has none as new. After a break the view is given even if it is the
   * last one, to say that all is well.
   */
  deliver(view: View): void {
    for (const watch of this.#watches) {
      const last = watch.revision ?? -1;
      if (view.revision < last || (view.revision === last && !watch.broken)) continue;
      watch.revision = view.revision;
      watch.broken = false;
      // The table counts its changes one by one.
      this.#guard(() => watch.listener.onView(view, view.revision - 1));
    }
  }

  /** Says once to each that views no longer come. */
  breakAll(error: Error): void {
    for (const watch of this.#watches) {
      if (watch.broken) continue;
      watch.broken = true;
      this.#guard(() => watch.listener.onBroken(error));
    }
  }

  /** A listener that throws must not keep the view from the others. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#logger.error({ reason: messageOf(error) }, "a listener of the membership threw");
    }
  }
}

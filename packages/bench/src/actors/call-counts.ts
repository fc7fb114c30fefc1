import type { CallFilter, CallFilters } from "troupe";

/** What metrics of calls need at the least: filters that count them by type and method. */
export class CallCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  /** For one process. A call within it passes both. */
  get filters(): CallFilters {
    return { incoming: [this.#filter], outgoing: [this.#filter] };
  }

  readonly #filter: CallFilter = ({ type, method }, next) => {
    let methods = this.#counts.get(type);
    if (methods === undefined) this.#counts.set(type, (methods = new Map<string, number>()));
    methods.set(method, (methods.get(method) ?? 0) + 1);
    return next();
  };
}

/**
 * What a store's suite tries: fresh, empty data, and the handles that several processes would have
 * on it.
 */
export interface StoreSubject<S> {
  /**
   * Opens one more handle on the data, as another process would. Earlier handles may still be open,
   * or closed.
   */
  openHandle(): Promise<S>;
  /** Closes the handles that are still open and removes the data. Called once, after each test. */
  dispose(): Promise<void>;
}

/** What is tried, and how to make one. */
export interface SuiteOptions<S> {
  /** Of the provider, for the report: `memory`, `redis`. */
  readonly name: string;
  /** Called once for each test; two subjects share nothing. */
  readonly open: () => Promise<S>;
}

/** A component that a suite tries, and the time that it goes by. */
export interface TimedTrial<Port> {
  readonly component: Port;
  /** Resolves when `ms` milliseconds have passed for the component, really or virtually. */
  pass(ms: number): Promise<void>;
}

/** A part of the load, and what has to be true of it in the end. */
export interface Workload {
  /** Makes one more call, or a few. */
  step(): void;
  /**
   * What of it is still under way, for people; empty if nothing is. It is asked after the last
   * step, when every call was answered.
   */
  underWay(): Promise<readonly string[]>;
  /** What is wrong, in the end; empty if nothing is. */
  problems(): Promise<readonly string[]>;
  /** What was done, in few words. */
  summary(): string;
}

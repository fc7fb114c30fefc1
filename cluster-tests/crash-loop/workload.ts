/** A part of the load, and what has to be true of it in the end. */
export interface Workload {
  /** Makes one more call, or a few. */
  step(): void;
  /** True if nothing of it is under way any more. It is asked only after the last step, when every call was answered. */
  isQuiet(): Promise<boolean>;
  /** What is wrong, in the end; empty if nothing is. */
  problems(): Promise<readonly string[]>;
  /** What was done, in few words. */
  summary(): string;
}

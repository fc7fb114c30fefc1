/**
 * What everything that a run awaits rejects with when the run is cancelled. After that the code
 * runs on as always: it may tidy up, and a run that catches this and returns has completed.
 */
export class WorkflowCancelled extends Error {
  /** What whoever cancelled the run gave as the reason. */
  readonly reason: string;

  constructor(reason: string) {
    super(`the workflow was cancelled: ${reason}`);
    this.reason = reason;
  }

  static {
    this.prototype.name = "WorkflowCancelled";
  }
}

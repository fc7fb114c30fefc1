/** Why a request is not served: what the answer's status and its `error` say. */
export class Refusal extends Error {
  readonly status: number;
  /** Seconds after which it is worth another try. */
  readonly retryAfter: number | undefined;

  constructor(status: number, message: string, retryAfter?: number) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** What the code of a run returns to begin anew with another input. */
export class ContinueWith {
  /** In portable form. */
  readonly input: unknown;

  constructor(input: unknown) {
    this.input = input;
  }
}

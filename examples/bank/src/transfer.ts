/**
 * Money that has left one account and may not have reached the other yet.
 *
 * `number` counts the transfers that its sender has ever made; `order` is the name that whoever ordered it knows it by.
 */
export interface Transfer {
  readonly number: number;
  readonly from: string;
  readonly to: string;
  /** Whole cents. */
  readonly amount: number;
  readonly order: string;
}

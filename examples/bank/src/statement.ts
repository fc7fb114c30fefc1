/** What moved on an account since its last statement. Amounts are whole cents. */
export interface Period {
  /** Milliseconds since the Unix epoch, as all times here. */
  readonly from: number;
  readonly opening: number;
  readonly moneyIn: number;
  readonly moneyOut: number;
  readonly entries: number;
}

export interface Statement extends Period {
  readonly to: number;
  readonly closing: number;
}

export function newPeriod(from: number, opening: number): Period {
  return { from, opening, moneyIn: 0, moneyOut: 0, entries: 0 };
}

/** The period with one more movement: positive for money that came in. */
export function withMovement(period: Period, amount: number): Period {
  const { moneyIn, moneyOut, entries } = period;
  return {
    ...period,
    moneyIn: moneyIn + Math.max(amount, 0),
    moneyOut: moneyOut + Math.max(-amount, 0),
    entries: entries + 1,
  };
}

/** The statement of a period that ends now. */
export function closePeriod(period: Period, to: number): Statement {
  return { ...period, to, closing: period.opening + period.moneyIn - period.moneyOut };
}

/** What one reader has heard, compared with what was said. */
export interface Tally {
  readonly heard: number;
  /** Said lines that were not heard. */
  readonly lost: number;
  /** Lines that were heard again, counted each time. */
  readonly doubled: number;
  /** Lines that were heard and that nobody was told were said. */
  readonly strange: number;
  readonly isInOrder: boolean;
}

/** Compares by the numbers of lines. */
export function tallyOf(said: readonly number[], heard: readonly number[]): Tally {
  const heardOnce = new Set(heard);
  const saidOnce = new Set(said);
  return {
    heard: heard.length,
    lost: [...saidOnce].filter((number) => !heardOnce.has(number)).length,
    doubled: heard.length - heardOnce.size,
    strange: [...heardOnce].filter((number) => !saidOnce.has(number)).length,
    isInOrder: heard.every((number, place) => place === 0 || number > (heard[place - 1] ?? 0)),
  };
}

export function isWhole({ lost, doubled, strange, isInOrder }: Tally): boolean {
  return lost === 0 && doubled === 0 && strange === 0 && isInOrder;
}

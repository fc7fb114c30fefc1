interface Numbered {
  readonly serial: number;
}

/** Fewer holes than this are not worth closing. */
const HOLES_MIN = 64;

/**
 * Items in the order in which they came, each with a number of its own, so that pages of them can
 * be read while items come and go. A page costs what it looks at.
 */
export class SerialList<T extends Numbered> {
  #items: (T | undefined)[] = [];
  /** The serial of each place, also of holes. */
  #serials: number[] = [];
  #holes = 0;
  #next = 1;

  /** The serial of the item that is pushed next. */
  get nextSerial(): number {
    return this.#next;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#serials.push(item.serial);
    this.#next = item.serial + 1;
  }

  remove(item: T): void {
    const place = this.#placeAfter(item.serial - 1);
    if (this.#items[place] !== item) return;
    this.#items[place] = undefined;
    this.#holes++;
    if (this.#holes > HOLES_MIN && this.#holes * 2 > this.#items.length) this.#closeHoles();
  }

  /** At most `limit` items after the one with that serial; `next` is where the next page starts. */
  page(
    after: number,
    limit: number,
  ): { readonly items: readonly T[]; readonly next: number | undefined } {
    const start = this.#placeAfter(after);
    const end = start + Math.max(1, limit);
    const items = this.#items.slice(start, end).filter((item) => item !== undefined);
    return { items, next: end < this.#items.length ? this.#serials[end - 1] : undefined };
  }

  #closeHoles(): void {
    this.#items = this.#items.filter((item) => item !== undefined);
    this.#serials = this.#items.flatMap((item) => item?.serial ?? []);
    this.#holes = 0;
  }

  /** The first place whose serial is higher. */
  #placeAfter(serial: number): number {
    let low = 0;
    let high = this.#serials.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#serials[middle] ?? 0) <= serial) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

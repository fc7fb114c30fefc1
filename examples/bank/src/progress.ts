const BAR_WIDTH = 24;

/** On a terminal a line that is written over and over; elsewhere a plain line at each tenth. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #isOpen = false;
  #lastTenth = -1;
  #lastDrawn = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Shows how far something is. */
  show(what: string, done: number, total: number): void {
    const tenth = Math.floor((done / total) * 10);
    if (this.#stream.isTTY) this.#draw(what, done, total);
    else if (tenth !== this.#lastTenth)
      this.#stream.write(`  ${what} ${formatCount(done)} of ${formatCount(total)}\n`);
    this.#lastTenth = tenth;
    if (done >= total) this.#close();
  }

  /** Writes a line that stays. */
  line(text: string): void {
    if (this.#isOpen) this.#stream.write("\r\u001B[K");
    this.#isOpen = false;
    this.#stream.write(`${text}\n`);
  }

  #draw(what: string, done: number, total: number): void {
    // Thirty times a second are as many as anyone sees.
    if (done < total && process.uptime() - this.#lastDrawn < 1 / 30) return;
    this.#lastDrawn = process.uptime();
    const filled = Math.round((done / total) * BAR_WIDTH);
    const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
    this.#stream.write(`\r\u001B[K  ${what} ${bar} ${formatCount(done)} of ${formatCount(total)}`);
    this.#isOpen = true;
  }

  #close(): void {
    if (this.#isOpen) this.#stream.write("\n");
    this.#isOpen = false;
    this.#lastTenth = -1;
  }
}

export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** Cents as units with two decimals. */
export function formatMoney(cents: number): string {
  return (cents / 100).toLocaleString("en-US", {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
}

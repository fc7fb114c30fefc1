import { createHash } from "node:crypto";
import type { Clock } from "@troupe/core";

/** What a line of the trace is about; a short trace leaves the noisy ones out. */
export type TraceKind = "fault" | "member" | "turn" | "call" | "store" | "link" | "note";

export interface TraceLine {
  readonly at: number;
  readonly kind: TraceKind;
  readonly text: string;
}

/** Everything that happened in a run, in order. Two runs of one seed have the same digest. */
export class Trace {
  readonly lines: TraceLine[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(kind: TraceKind, text: string): void {
    this.lines.push({ at: this.#clock.monotonic(), kind, text });
  }

  digest(): string {
    const hash = createHash("sha256");
    for (const line of this.lines) hash.update(`${formatTraceLine(line)}\n`);
    return hash.digest("hex");
  }
}

export function formatTraceLine({ at, kind, text }: TraceLine): string {
  return `${at.toFixed(3).padStart(12)} ${kind.padEnd(6)} ${text}`;
}

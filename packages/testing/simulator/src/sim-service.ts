import { type Random, TroupeError } from "@troupe/core";
import type { VirtualClock } from "@troupe/testkit";
import type { SimProcess } from "./sim-process.ts";
import type { Trace, TraceKind } from "./trace.ts";

/** How a service treats the calls of one process, or of all. */
export interface ServiceFault {
  /** A process's name; undefined for all. */
  readonly process: string | undefined;
  /**
   * `away`: no call reaches it. `flaky`: of the calls a share each fails without an effect, has its
   * answer lost, and takes its effect after the caller was told of a failure. `slow`: calls take up
   * to a second and a half. `held`: the network keeps back what the connection sends; its owner
   * gives it up and opens another, and what was kept back arrives seconds after that. `full`:
   * nothing can be added, while reading, renewing and taking away go on. `unanswered`: the answer
   * of each write is lost, and the write is not.
   */
  readonly kind: "away" | "flaky" | "slow" | "held" | "full" | "unanswered";
}

/** What a call does to what the service keeps: a full one refuses to `add` alone. */
export type Access = "look" | "add" | "take";

export interface ServiceOptions {
  readonly name: string;
  readonly kind: TraceKind;
  readonly errorCode: "STORE_UNAVAILABLE" | "CLUSTER_UNAVAILABLE";
  readonly delayMs: number;
}

/** What becomes of one call. */
type Fate = "done" | "refused" | "unanswered" | "late" | "held";

/** How long a client of a service waits before it says that the service is away. */
const PATIENCE_MS = 1_000;
const SLOW_MS = 1_500;
const LATE_MS = 3_000;

/** What the network kept back arrives after so long at most. */
const HELD_MS = 9_000;

/**
 * A service that processes reach over a network: calls take time, in both directions, and can go
 * wrong on each part of the way.
 */
export class SimService {
  readonly faults = new Set<ServiceFault>();
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #facts: ServiceOptions;

  constructor(
    clock: VirtualClock,
    parts: { readonly random: Random; readonly trace: Trace },
    facts: ServiceOptions,
  ) {
    this.#clock = clock;
    this.#random = parts.random;
    this.#trace = parts.trace;
    this.#facts = facts;
  }

  isAwayFor(process: SimProcess): boolean {
    return this.#faultsOf(process).some(({ kind }) => kind === "away");
  }

  /** A time on the way, in one direction. */
  delay(process: SimProcess): number {
    const most = this.#faultsOf(process).some(({ kind }) => kind === "slow")
      ? SLOW_MS
      : this.#facts.delayMs;
    return this.#random.next() * most;
  }

  /** Runs `effect` at the service, and brings its outcome back to the process. */
  call<T>(process: SimProcess, what: string, effect: () => T, access: Access = "look"): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const answer = (ms: number, settle: () => void): void => {
        this.#clock.schedule(ms, () => process.enter(this.#facts.name, settle));
      };
      const run = (): (() => void) => {
        try {
          const value = effect();
          this.#trace.add(this.#facts.kind, `${process.name}: ${what}${describe(value)}`);
          return () => resolve(value);
        } catch (error) {
          return () => reject(error);
        }
      };
      process.act(() => {
        const fate = this.#fate(process, access);
        const goMs = this.delay(process);
        if (fate !== "done")
          this.#trace.add(this.#facts.kind, `${process.name}: ${what} is ${fate}`);
        switch (fate) {
          case "done":
            this.#clock.schedule(goMs, () => answer(this.delay(process), run()));
            return;
          case "refused":
            answer(goMs, () => reject(this.#error("no")));
            return;
          case "unanswered":
            this.#clock.schedule(goMs, run);
            answer(PATIENCE_MS, () => reject(this.#error("maybe")));
            return;
          case "late":
          case "held": {
            const mostMs = fate === "late" ? LATE_MS : HELD_MS;
            this.#clock.schedule(PATIENCE_MS + this.#random.next() * mostMs, run);
            answer(PATIENCE_MS, () => reject(this.#error("maybe")));
            return;
          }
        }
      });
    });
  }

  #fate(process: SimProcess, access: Access): Fate {
    const faults = this.#faultsOf(process);
    if (faults.some(({ kind }) => kind === "away")) return "refused";
    if (faults.some(({ kind }) => kind === "held")) return "held";
    if (access === "add" && faults.some(({ kind }) => kind === "full")) return "refused";
    if (access !== "look" && faults.some(({ kind }) => kind === "unanswered")) return "unanswered";
    if (!faults.some(({ kind }) => kind === "flaky")) return "done";
    const roll = this.#random.next();
    if (roll < 0.1) return "refused";
    if (roll < 0.2) return "unanswered";
    return roll < 0.3 ? "late" : "done";
  }

  #faultsOf(process: SimProcess): ServiceFault[] {
    return [...this.faults].filter(
      (fault) => fault.process === undefined || fault.process === process.name,
    );
  }

  #error(ran: "no" | "maybe"): TroupeError {
    return new TroupeError(
      this.#facts.errorCode,
      `the simulated ${this.#facts.name} did not answer`,
      { ran },
    );
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return `: ${value}`;
  if (typeof value !== "object" || value === null || !("kind" in value)) return "";
  const { kind, epoch, revision } = value as { kind: string; epoch?: number; revision?: number };
  return `: ${kind}${epoch === undefined ? "" : ` epoch ${epoch}`}${revision === undefined ? "" : ` r${revision}`}`;
}

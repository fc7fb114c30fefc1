import {
  type EventType,
  type StepContext,
  type StepOptions,
  WorkflowCancelled,
  type WorkflowContext,
} from "@troupe/workflow";
import {
  FAILS_FOR_GOOD,
  type FlowInput,
  type FlowOp,
  type FlowWait,
  type Sight,
  tokenOf,
} from "./flow-program.ts";

/** What the code of a run does in the process that it runs in. */
export interface FlowDeeds {
  /** An attempt of a step begins. Gives what no other attempt is given. */
  attempt(id: string, at: string, step: StepContext): string;
  work(ms: number): Promise<void>;
  saw(id: string, sight: Sight, isLive: boolean): void;
}

export type FlowContext = WorkflowContext<{
  readonly x: EventType<string>;
  readonly y: EventType<string>;
}>;

/** Something that a program waits for. */
interface Wait {
  readonly promise: Promise<unknown>;
  /** What its sight is called. */
  readonly kind: string;
  readonly due: number;
}

/** The field of a log line by which code learns that it does something for the first time. */
export const MARK = "flowMark";

/** Does what a program says, and tells all that it sees. */
export async function performFlow(
  ctx: FlowContext,
  input: FlowInput,
  deeds: FlowDeeds,
): Promise<string> {
  return await new FlowPerformer(ctx, input, deeds).run();
}

class FlowPerformer {
  readonly #ctx: FlowContext;
  readonly #input: FlowInput;
  readonly #deeds: FlowDeeds;
  readonly #sights: Sight[] = [];

  constructor(ctx: FlowContext, input: FlowInput, deeds: FlowDeeds) {
    this.#ctx = ctx;
    this.#input = input;
    this.#deeds = deeds;
  }

  async run(): Promise<string> {
    const { ops, round, rounds, tidies, before } = this.#input;
    try {
      for (const [index, op] of ops.entries()) await this.#perform(op, `${round}.${index}`);
    } catch (error) {
      if (tidies) await this.#ctx.run("tidy", this.#work(`${round}.tidy`, { ms: 30, fails: 0 }));
      throw error;
    }
    if (round + 1 === rounds) return "done";
    return this.#ctx.continueWith({
      ...this.#input,
      round: round + 1,
      before: [...before, ...this.#sights],
    });
  }

  async #perform(op: FlowOp, at: string): Promise<void> {
    switch (op.do) {
      case "all":
        await Promise.all(op.ops.map((one, index) => this.#perform(one, `${at}.${index}`)));
        break;
      case "map":
        await this.#ctx.map(op.ops, (one, index) => this.#perform(one, `${at}.${index}`), {
          concurrency: op.lanes,
        });
        break;
      case "race":
        await this.#race(op.ops, at);
        break;
      case "throw":
        throw new RangeError("on purpose");
      case "send":
        this.#see(at, "sending", tokenOf(this.#ctx.id, at));
        this.#ctx.send("Till", op.till).take?.(tokenOf(this.#ctx.id, at));
        break;
      case "step":
      case "sleep":
      case "event":
      case "ask":
      case "refused":
        await this.#await(this.#begin(op, at), at);
        break;
    }
  }

  async #race(ops: readonly FlowWait[], at: string): Promise<void> {
    const waits = ops.map((op, index) => this.#begin(op, `${at}.${index}`));
    const entries = waits.map(({ promise }, index) => [String(index), promise] as const);
    try {
      const { key, value } = await this.#ctx.race(Object.fromEntries(entries));
      const { kind, due } = waits[Number(key)] ?? { kind: "nobody", due: 0 };
      this.#see(`${at}.${key}`, kind, textOf(value), due);
    } catch (error) {
      this.#caught(error, at);
    }
  }

  async #await({ promise, kind, due }: Wait, at: string): Promise<void> {
    try {
      this.#see(at, kind, textOf(await promise), due);
    } catch (error) {
      this.#caught(error, at);
    }
  }

  #begin(op: FlowWait, at: string): Wait {
    const ctx = this.#ctx;
    switch (op.do) {
      case "step":
        return { promise: ctx.run(...this.#step(op, at)), kind: "step", due: 0 };
      case "event": {
        const { name, timeoutMs } = op;
        const promise = timeoutMs === 0 ? ctx.event(name) : ctx.event(name, { timeout: timeoutMs });
        return { promise, kind: `event ${name}`, due: ctx.now() + timeoutMs };
      }
      case "ask":
      case "refused": {
        const token = tokenOf(ctx.id, at);
        const method = op.do === "ask" ? "take" : "refuse";
        this.#see(at, op.do === "ask" ? "asking" : "refusing", token);
        const answer = ctx.actor("Till", op.till)[method]?.(token);
        return { promise: answer ?? Promise.resolve(), kind: "answer", due: 0 };
      }
      case "sleep":
        return { promise: ctx.sleep(op.ms), kind: "slept", due: ctx.now() + op.ms };
    }
  }

  #step(
    op: Extract<FlowOp, { do: "step" }>,
    at: string,
  ): [string, (step: StepContext) => Promise<string>, StepOptions<string>] {
    const attempts = op.fails >= FAILS_FOR_GOOD ? 2 : 10;
    const retry = { attempts, first: op.pauseMs, factor: 1, jitter: 0 };
    const work = this.#work(at, op);
    if (!op.undo) return [`s${at}`, work, { retry }];
    return [`u${at}`, work, { retry, undo: () => this.#deeds.work(5) }];
  }

  #work(
    at: string,
    { ms, fails }: { readonly ms: number; readonly fails: number },
  ): (step: StepContext) => Promise<string> {
    const { id } = this.#ctx;
    return async (step) => {
      const nonce = this.#deeds.attempt(id, at, step);
      await this.#deeds.work(ms);
      if (step.attempt <= fails) throw new RangeError("not yet");
      return `${step.key}!${nonce}`;
    };
  }

  /** What fails goes on, but for a cancellation. */
  #caught(error: unknown, at: string): void {
    const isCancelled = error instanceof WorkflowCancelled;
    this.#see(at, isCancelled ? "cancelled" : "failed", error instanceof Error ? error.name : "");
    if (isCancelled) throw error;
  }

  #see(at: string, kind: string, value: string, due = 0): void {
    const ctx = this.#ctx;
    const sight: Sight = { at, kind, value, now: ctx.now(), chance: ctx.random(), due };
    ctx.status(sight);
    this.#sights.push(sight);
    const mark = { isLive: false };
    ctx.log.info({ [MARK]: mark }, "");
    this.#deeds.saw(ctx.id, sight, mark.isLive);
  }
}

/** What runs are told is text, or the count of a till, or nothing. */
function textOf(value: unknown): string {
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? value : "nothing";
}

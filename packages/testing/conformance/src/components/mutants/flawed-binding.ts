import {
  type Binding,
  type BindingRequest,
  type BindingResponse,
  sleep,
  systemClock,
  TroupeError,
} from "@troupe/core";
import type { BindingTrial } from "../binding-suite.ts";

/** What a binding can do wrong. */
export const BINDING_FLAWS = [
  "says that it was done what was refused",
  "throws an error without a code",
  "says that a wrong request was refused by the other side",
  "does what it can of a wrong request",
  "goes on when nobody waits any more",
  "never answers when the other side is away",
  "says that it was done when the other side is away",
  "mixes up answers",
  "reads data as texts of single bytes",
  "cuts data",
  "changes the ends of lines",
  "names no operation",
  "breaks by a refusal",
] as const;

export type BindingFlaw = (typeof BINDING_FLAWS)[number];

const EMPTY: BindingResponse = { data: undefined, metadata: {} };

/** Milliseconds: longer than the suite waits for the end of an invocation. */
const HANGS_MS = 3_000;

/** A binding whose other side is a function, with one flaw or with none. */
export class FlawedBinding implements Binding, BindingTrial {
  readonly component = this;
  readonly refused = [{ operation: "refuse", data: undefined, metadata: {} }];
  readonly wrong = [{ operation: "echo", data: undefined, metadata: { times: "many" } }];
  readonly unanswered = { operation: "wait", data: undefined, metadata: {} };
  readonly #flaw: BindingFlaw | undefined;
  #last: Uint8Array | undefined;
  #isAway = false;
  #isBroken = false;

  constructor(flaw: BindingFlaw | undefined) {
    this.#flaw = flaw;
  }

  get operations(): readonly string[] {
    return this.#has("names no operation") ? [] : ["echo", "refuse", "wait"];
  }

  echo(text: string) {
    return [{ operation: "echo", data: new TextEncoder().encode(text), metadata: {} }];
  }

  async away() {
    this.#isAway = true;
    return { operation: "echo", data: undefined, metadata: {} };
  }

  async invoke({ operation, data, metadata, signal }: BindingRequest): Promise<BindingResponse> {
    if (this.#isAway) return await this.#unreachable();
    if (metadata["times"] !== undefined) return this.#wrong();
    if (operation === "refuse") return this.#refuse();
    if (operation === "wait") return await this.#wait(signal);
    if (this.#isBroken) throw new Error("broken");
    this.#last = data;
    await Promise.resolve();
    return { data: this.#changed(this.#has("mixes up answers") ? this.#last : data), metadata: {} };
  }

  async close(): Promise<void> {
    this.#last = undefined;
  }

  #has(flaw: BindingFlaw): boolean {
    return this.#flaw === flaw;
  }

  #wrong(): BindingResponse {
    if (this.#has("does what it can of a wrong request")) return EMPTY;
    const code = this.#has("says that a wrong request was refused by the other side")
      ? "BINDING_FAILED"
      : "BAD_INPUT";
    throw new TroupeError(code, "times is no number");
  }

  #refuse(): BindingResponse {
    this.#isBroken = this.#has("breaks by a refusal");
    if (this.#has("says that it was done what was refused")) return EMPTY;
    if (this.#has("throws an error without a code")) throw new Error("refused");
    throw new TroupeError("BINDING_FAILED", "it was refused");
  }

  async #unreachable(): Promise<BindingResponse> {
    if (this.#has("says that it was done when the other side is away")) return EMPTY;
    if (this.#has("never answers when the other side is away")) await sleep(systemClock, HANGS_MS);
    const isPlain = this.#has("never answers when the other side is away");
    throw new TroupeError(isPlain ? "TIMEOUT" : "COMPONENT_UNAVAILABLE", "nobody is there");
  }

  async #wait(signal: AbortSignal): Promise<BindingResponse> {
    if (this.#has("goes on when nobody waits any more")) await sleep(systemClock, HANGS_MS);
    else
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    throw new TroupeError("COMPONENT_UNAVAILABLE", "nobody waits");
  }

  #changed(data: Uint8Array | undefined): Uint8Array | undefined {
    if (data === undefined) return undefined;
    if (this.#has("reads data as texts of single bytes"))
      return new TextEncoder().encode(Buffer.from(data).toString("latin1"));
    if (this.#has("changes the ends of lines"))
      return new TextEncoder().encode(new TextDecoder().decode(data).replaceAll("\r\n", "\n"));
    return this.#has("cuts data") ? data.slice(0, 65_536) : data;
  }
}

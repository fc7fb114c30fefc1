import type { Binding } from "@troupe/core";
import { type CallLimits, type ComponentCalls } from "./component-calls.ts";
import { jsonText, jsonValue } from "./json-text.ts";

/** What the other side of a binding gave. */
export class BindingResult {
  /** Empty if the operation gives no data. */
  readonly data: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(data: Uint8Array, metadata: Readonly<Record<string, string>>) {
    this.data = data;
    this.metadata = metadata;
  }

  /** The data as text in UTF-8. */
  text(): string {
    return new TextDecoder().decode(this.data);
  }

  /** The data as a JSON value. Throws `NOT_SERIALIZABLE` if it is none. */
  json(): unknown {
    return jsonValue(this.text(), () => "the answer of the binding");
  }
}

/** The way out to another system, by the component of one name. */
export class BindingBlock {
  readonly #binding: Binding;
  readonly #calls: ComponentCalls;

  constructor(binding: Binding, calls: ComponentCalls) {
    this.#binding = binding;
    this.#calls = calls;
  }

  /** The operations that there are. */
  get operations(): readonly string[] {
    return this.#binding.operations;
  }

  /**
   * Asks for an operation. A text is sent as UTF-8, bytes as they are, and anything else as JSON.
   * What the other side refuses is `BINDING_FAILED`.
   */
  async invoke(
    operation: string,
    data?: unknown,
    metadata: Readonly<Record<string, string>> = {},
    limits: CallLimits = {},
  ): Promise<BindingResult> {
    if (!this.operations.includes(operation))
      throw this.#calls.error(
        "NOT_SUPPORTED",
        `there is no operation ${JSON.stringify(operation)}; there are ${this.operations.join(", ")}`,
      );
    const bytes = bytesOf(data);
    const response = await this.#calls.run(
      ({ signal }) => this.#binding.invoke({ operation, data: bytes, metadata, signal }),
      limits,
    );
    return new BindingResult(response.data ?? new Uint8Array(), response.metadata);
  }
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (data === undefined || data instanceof Uint8Array) return data;
  return new TextEncoder().encode(typeof data === "string" ? data : jsonText(data, "the data"));
}

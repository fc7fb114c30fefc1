import type { BindingSource } from "./input-binding.ts";

/** What is asked of the other side of a binding. */
export interface BindingRequest {
  readonly operation: string;
  /** Undefined if the operation takes none. */
  readonly data: Uint8Array | undefined;
  /** What the operation takes besides. Names are as Dapr has them. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** What the other side gave. */
export interface BindingResponse {
  /** Undefined if the operation gives none. */
  readonly data: Uint8Array | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A way to another system and back: the port of `bindings.*`. One that has no way out has no
 * operations, and one that has no way in has no `source`.
 *
 * - `invoke` is called only with one of `operations`.
 * - What the other side refuses rejects with `BINDING_FAILED`, and what is wrong with the request
 *   itself with `BAD_INPUT`.
 *   It is never an answer that looks like success.
 * - When the other side is away or does not answer, `invoke` rejects with `COMPONENT_UNAVAILABLE`.
 *   It ends soon after `signal` is aborted.
 */
export interface Binding {
  /** The operations that there are. */
  readonly operations: readonly string[];
  /** Where its events come from. Undefined: it brings none. */
  readonly source?: BindingSource;
  invoke(request: BindingRequest): Promise<BindingResponse>;
  close(): Promise<void>;
}

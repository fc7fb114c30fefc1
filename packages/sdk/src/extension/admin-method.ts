import type { FieldKind } from "../admin/message.ts";

/** Who may ask: everybody, operators and silos, or silos only. */
export type AdminRole = "client" | "operator" | "silo";

/** One question to a silo: its name, who may ask it, and what its two messages look like. */
export interface AdminCall<Request, Response> {
  readonly name: string;
  /** The least that the caller has to be. */
  readonly role: AdminRole;
  readonly request: FieldKind<Request>;
  readonly response: FieldKind<Response>;
}

/** Who asks, as the silo knows it. */
export interface AdminCaller {
  /** The id of the silo, or of the client. */
  readonly peerId: string;
  readonly role: AdminRole;
  /** As it was proven when the link was opened. */
  readonly name: string;
}

/** What a method knows besides its request. */
export interface AdminContext {
  readonly siloId: string;
  readonly caller: AdminCaller;
}

/**
 * How a silo answers a question. A feature adds its own: they are registered by name, and reached
 * by `AdminClient.ask`.
 *
 * AMET-1. `parse` runs before `answer`, and on nothing but what the caller sent. It throws
 *         `BAD_CONFIG` for a wrong request.
 * AMET-2. A caller whose role is too low gets `FORBIDDEN`, and neither of the two runs.
 */
export interface AdminMethod<Request = unknown, Response = unknown> {
  readonly name: string;
  readonly role: AdminRole;
  parse(request: unknown): Request;
  answer(request: Request, context: AdminContext): Response | Promise<Response>;
}

/** Answers a question of a contract. */
export function adminMethod<Request, Response>(
  { name, role, request }: AdminCall<Request, Response>,
  answer: (request: Request, context: AdminContext) => Response | Promise<Response>,
): AdminMethod<Request, Response> {
  return { name, role, parse: (given) => request.read(given, name), answer };
}

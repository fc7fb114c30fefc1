import {
  type Clock,
  type Envelope,
  EVEN_PLACEMENT,
  type Link,
  type Member,
  type MemberState,
  type Principal,
  type RequestEnvelope,
  type SendResult,
} from "@troupe/core";
import { OutboundCall } from "../outbound-call.ts";
import { Placement } from "../placement.ts";
import { Router } from "../router.ts";

/** A link that keeps what it is given. */
export class RecordingLink implements Link {
  readonly remote;
  readonly principal: Principal = { role: "silo", name: "peer" };
  readonly sent: Envelope[] = [];
  result: SendResult = "sent";

  constructor(siloId: string) {
    this.remote = {
      protocol: "1.0",
      cluster: "test",
      role: "silo" as const,
      peerId: siloId,
    };
  }

  /** The numbers of the requests that were sent, in order. */
  get requests(): number[] {
    return this.sent.flatMap((envelope) => (envelope.kind === "request" ? [envelope.callId] : []));
  }

  send(envelope: Envelope): SendResult {
    if (this.result === "sent") this.sent.push(envelope);
    return this.result;
  }

  close(): void {
    this.result = "closed";
  }
}

/** The placement of a view of these silos, which all host accounts. */
export function placement(
  revision: number,
  ...silos: (readonly [siloId: string, state: MemberState])[]
): Placement {
  const members = silos.map(([siloId, state]): Member => ({
    siloId,
    address: "",
    state,
    types: { Account: { version: 1, digest: "1", placement: EVEN_PLACEMENT } },
    version: "1",
    labels: {},
  }));
  return new Placement({ revision, members });
}

/** What became of a call. */
export type Fate = { readonly value?: unknown; readonly error?: unknown };

/** A router with links to silos, and calls to make through it. */
export class Desk<C extends Clock> {
  readonly clock: C;
  readonly links = new Map<string, RecordingLink>();
  readonly fates = new Map<number, Fate>();
  readonly router: Router;
  #callId = 0;

  constructor(at: Placement, clock: C) {
    this.clock = clock;
    const linkTo = (siloId: string): Link | undefined => this.links.get(siloId);
    const parts = {
      peerId: "me",
      clock: this.clock,
      random: { next: () => 0 },
      local: undefined,
      linkTo,
      makeReference: () => undefined,
    };
    this.router = new Router(parts, at);
  }

  link(siloId: string): RecordingLink {
    const link = this.links.get(siloId) ?? new RecordingLink(siloId);
    this.links.set(siloId, link);
    return link;
  }

  call(facts: Partial<RequestEnvelope> & { readonly idempotent?: boolean } = {}): OutboundCall {
    const { idempotent = false, ...given } = facts;
    const request: RequestEnvelope = {
      kind: "request",
      callId: ++this.#callId,
      type: "Account",
      id: "alice",
      method: "deposit",
      args: { value: [], revive: false, size: 0 },
      deadline: this.clock.monotonic() + 10_000,
      revision: 0,
      chain: [],
      oneWay: false,
      headers: undefined,
      idempotencyKey: idempotent ? "a:test:1" : undefined,
      delivery: undefined,
      stream: undefined,
      ...given,
    };
    const { callId } = request;
    const routed = { key: `${request.type}/${request.id}`, route: undefined };
    const call = new OutboundCall(routed, request);
    call.resolve = (value) => void this.fates.set(callId, { value });
    call.reject = (error) => void this.fates.set(callId, { error });
    this.router.start(call, this.clock.monotonic());
    return call;
  }

  value(callId: number, value: unknown): void {
    this.router.reply(callId, { kind: "value", payload: { value, revive: false, size: 0 } });
  }

  refuse(callId: number, reason: "not-owner" | "not-ready", revision: number): void {
    this.router.reply(callId, { kind: "refused", reason, revision });
  }
}

export const ONE = placement(1, ["a", "active"]);
export const MOVED = placement(2, ["b", "active"]);

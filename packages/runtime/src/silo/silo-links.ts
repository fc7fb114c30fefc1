import { PeerLinks, type ReplySink } from "@troupe/client";
import {
  CLIENT_PREFIX,
  type CancelEnvelope,
  type Clock,
  type CreditEnvelope,
  type Envelope,
  formatAddress,
  type Hello,
  type Link,
  type LinkHandlers,
  type Listener,
  type Logger,
  type Member,
  type Outcome,
  PROTOCOL_VERSION,
  type Refusal,
  type ReleasedEnvelope,
  type RequestEnvelope,
  type StreamItem,
  type Transport,
  type TroupeError,
} from "@troupe/core";
import { errorOutcome } from "../activation/outcome.ts";
import type { AccessRules } from "../routing/access-rules.ts";
import {
  cleanEnvelope,
  type CleaningRules,
  Horizon,
  isOperatorAction,
  type OperatorTurns,
  type OutsideSender,
} from "../routing/clean-envelope.ts";

export interface SiloLinksParts {
  readonly siloId: string;
  readonly cluster: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly transport: Transport;
  readonly operatorTurns: OperatorTurns;
  readonly access: AccessRules;
  onRequest(request: RequestEnvelope, sink: ReplySink): void;
  onReply(callId: number, outcome: Outcome): void;
  onItem(callId: number, item: StreamItem): void;
  onCredit(credit: CreditEnvelope, sink: ReplySink): void;
  onCancel(cancel: CancelEnvelope, sink: ReplySink): void;
  /** The link of the sink has ended: nobody waits for what it would answer. */
  onCallerGone(sink: ReplySink): void;
  onReleased(siloId: string, released: ReleasedEnvelope): void;
  onUp(siloId: string, link: Link): void;
  onDown(siloId: string, reason: string): void;
  /** Something came over a link with another silo. */
  onHeard(link: Link): void;
  onRefused(siloId: string): void;
  onRejected(siloId: string, error: TroupeError): void;
}

/** Silos that are remembered as not let in: enough to say why a silo cannot join. */
const REFUSED_MAX = 100;

/**
 * Every link of one silo: to the other silos, one a pair, and from clients. It sorts what arrives.
 */
export class SiloLinks {
  readonly #parts: SiloLinksParts;
  readonly #peers: PeerLinks;
  readonly #sinks = new WeakMap<Link, ReplySink>();
  readonly #rules: CleaningRules;
  /** Links whose other side was refused something. */
  readonly #reported = new WeakSet<Link>();
  /** Of the links with silos, by the silo's id. */
  readonly #siloSinks = new Map<string, ReplySink>();
  /** Why silos were not let in, by the ids that they gave. */
  readonly #refused = new Map<string, Refusal>();
  /** By the client's id. */
  readonly #clients = new Map<string, Link>();
  #listener: Listener | undefined;

  constructor(parts: SiloLinksParts) {
    this.#parts = parts;
    const { operatorTurns, access } = parts;
    this.#rules = { horizon: new Horizon(parts.clock), operatorTurns, access };
    this.#peers = new PeerLinks({
      clock: parts.clock,
      logger: parts.logger,
      transport: parts.transport,
      hello: this.#hello(),
      // Of two silos the one with the lower id dials: so there is one link for the pair.
      dials: (siloId) => (parts.siloId < siloId ? "now" : "never"),
      events: {
        onEnvelope: (envelope, link) => this.#receive(envelope, link),
        onUp: (siloId, link) => parts.onUp(siloId, link),
        onDown: (siloId, reason) => {
          this.#callerGone(this.#siloSinks.get(siloId));
          this.#siloSinks.delete(siloId);
          parts.onDown(siloId, reason);
        },
        onRefused: (siloId) => parts.onRefused(siloId),
        onRejected: (siloId, error) => parts.onRejected(siloId, error),
      },
    });
  }

  /**
   * The address that is listened on, with its real port. Rejects with `BAD_CONFIG` if that cannot
   * be.
   */
  async listen(address: string): Promise<string> {
    this.#listener = await this.#parts.transport.listen(address, {
      hello: () => this.#hello(),
      check: (remote) => this.#check(remote),
      accept: (link) => this.#accept(link),
      refused: ({ role, peerId }, refusal) => {
        if (role === "silo" && this.#refused.size < REFUSED_MAX) this.#refused.set(peerId, refusal);
      },
    });
    return this.#listener.address;
  }

  linkTo(siloId: string): Link | undefined {
    return this.#peers.linkTo(siloId);
  }

  /** Why one of these silos was not let in by this one, if one was not. */
  refusalOf(members: readonly Member[]): Refusal | undefined {
    return members.map(({ siloId }) => this.#refused.get(siloId)).find((why) => why !== undefined);
  }

  setMembers(members: readonly Member[]): void {
    this.#peers.setMembers(members.filter(({ siloId }) => siloId !== this.#parts.siloId));
  }

  async close(reason: string): Promise<void> {
    this.#peers.close(reason);
    for (const link of this.#clients.values()) link.close(reason);
    await this.#listener?.close();
  }

  #hello(): Hello {
    const { cluster, siloId } = this.#parts;
    return { protocol: PROTOCOL_VERSION, cluster, role: "silo", peerId: siloId };
  }

  #check(remote: Hello): Refusal | undefined {
    const { cluster, siloId } = this.#parts;
    if (remote.cluster !== cluster) {
      const message = `this silo belongs to cluster ${cluster}, not ${remote.cluster}; check the cluster option and the address`;
      return { code: "BAD_CONFIG", message };
    }
    if (remote.role === "silo" && remote.peerId === siloId) {
      const message = `${siloId} is the id of this silo; no other may have it`;
      return { code: "BAD_CONFIG", message };
    }
    return undefined;
  }

  #accept(link: Link): LinkHandlers {
    if (link.principal.role === "silo") return this.#peers.adopt(link);
    const { peerId } = link.remote;
    // The client has given its earlier link up, with all that it sent over it: what is still unread
    // there would run behind later calls (C5).
    this.#clients.get(peerId)?.close("the client has dialled again");
    this.#clients.set(peerId, link);
    const sender = { principal: link.principal, peerId };
    return {
      onEnvelope: (envelope) => this.#receiveFromOutside(envelope, sender, link),
      onClose: () => {
        if (this.#clients.get(peerId) === link) this.#clients.delete(peerId);
        this.#callerGone(this.#sinks.get(link));
      },
    };
  }

  #receiveFromOutside(envelope: Envelope, sender: OutsideSender, link: Link): void {
    const cleaned = cleanEnvelope(envelope, sender, this.#rules);
    switch (cleaned.kind) {
      case "clean":
        if (cleaned.envelope.kind === "request") this.#note(cleaned.envelope, link);
        return this.#receive(cleaned.envelope, link);
      case "forbidden":
        this.#report(link, cleaned.error.message);
        this.#sinkOf(link).reply(cleaned.callId, errorOutcome(cleaned.error));
        return;
      case "broken":
        this.#report(link, cleaned.reason);
        link.close(cleaned.reason);
    }
  }

  /** What operators do is logged, with who and what. */
  #note(request: RequestEnvelope, { principal }: Link): void {
    if (principal.role !== "operator" || !isOperatorAction(request, this.#rules.operatorTurns))
      return;
    const what = `${formatAddress(request)}.${request.method}()`;
    this.#parts.logger.info(
      { role: principal.role, caller: principal.name, what },
      "operator acts",
    );
  }

  /** Once for each link: whoever tries many things fills no log. */
  #report(link: Link, reason: string): void {
    if (this.#reported.has(link)) return;
    this.#reported.add(link);
    const { role, name } = link.principal;
    this.#parts.logger.warn(
      { role, caller: name, reason },
      "a caller was refused what it asked for",
    );
  }

  #receive(envelope: Envelope, link: Link): void {
    if (link.principal.role === "silo") this.#parts.onHeard(link);
    switch (envelope.kind) {
      case "request":
        return this.#parts.onRequest(envelope, this.#sinkOf(link));
      case "reply":
        return this.#parts.onReply(envelope.callId, envelope.outcome);
      case "item":
        return this.#parts.onItem(envelope.callId, envelope.item);
      case "credit":
        return this.#parts.onCredit(envelope, this.#sinkOf(link));
      case "cancel":
        return this.#parts.onCancel(envelope, this.#sinkOf(link));
      case "released":
        return this.#parts.onReleased(link.remote.peerId, envelope);
      case "ping":
        link.send({ kind: "pong", nonce: envelope.nonce });
        return;
      case "pong":
        return;
    }
  }

  /**
   * One a link, so that a request costs none, and a cancel finds the request that came the same
   * way.
   */
  #sinkOf(link: Link): ReplySink {
    const known = this.#sinks.get(link);
    if (known !== undefined) return known;
    const sink: ReplySink = {
      peerId: peerIdOf(link),
      principal: link.principal,
      waitingBytes: 0,
      reply: (callId, outcome) => {
        // A reply that finds no room ends the link: the caller must not wait for what will never
        // come.
        if (link.send({ kind: "reply", callId, outcome }) === "full")
          link.close("the peer does not read its replies");
      },
      item: (callId, item) => link.send({ kind: "item", callId, item }) !== "full",
    };
    this.#sinks.set(link, sink);
    if (sink.principal.role === "silo") this.#siloSinks.set(sink.peerId, sink);
    return sink;
  }

  /** A link over which nothing came has no sink. */
  #callerGone(sink: ReplySink | undefined): void {
    if (sink !== undefined) this.#parts.onCallerGone(sink);
  }
}

/** Other ids name silos, and what runs in them. */
function peerIdOf({ principal, remote: { peerId } }: Link): string {
  if (principal.role === "silo" || peerId.startsWith(CLIENT_PREFIX)) return peerId;
  return CLIENT_PREFIX + peerId;
}

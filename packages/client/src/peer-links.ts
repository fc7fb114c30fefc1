import {
  type Clock,
  type Envelope,
  type Hello,
  type Link,
  type LinkHandlers,
  type Logger,
  type Member,
  messageOf,
  type Scheduled,
  type Transport,
  TroupeError,
} from "@troupe/core";

/** What the owner of the links is told. */
export interface PeerEvents {
  onEnvelope(envelope: Envelope, link: Link): void;
  onUp(siloId: string, link: Link): void;
  /** The link to the silo is gone. */
  onDown(siloId: string, reason: string): void;
  /** Nothing listens any more where a link to the silo was open: its process is gone. */
  onRefused(siloId: string): void;
  /** The silo answered that this process may not link with it. */
  onRejected(siloId: string, error: TroupeError): void;
}

/** What the links of a process are given to work with. */
export interface PeerParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly transport: Transport;
  readonly hello: Hello;
  readonly events: PeerEvents;
  /** Whether this side dials the peer, and at once or when the link is first asked for. */
  dials(siloId: string): "now" | "when-needed" | "never";
}

/**
 * How long the link to a silo that has drained and left stays open, for replies that are under way.
 */
const LINGER_MS = 2_000;

/**
 * The same for a silo that was not seen to drain: several changes may come as one view, so that a
 * silo which drained quickly was active in the view before. It may also be frozen, and then its
 * callers should not wait for long.
 */
const SHORT_LINGER_MS = 300;

/** What a dial ends with when the other side does not want the link, however often it is tried. */
const REJECTIONS: ReadonlySet<string> = new Set(["UNAUTHENTICATED", "BAD_CONFIG"]);

/**
 * How often a side that does not dial looks whether the other is gone; it looks once if it is told
 * so at once.
 */
const KNOCKS = 5;

const FIRST_REDIAL_MS = 20;
const LAST_REDIAL_MS = 1_000;

/** Between dials of a peer that does not want the link: somebody has to change an option first. */
const REJECTED_REDIAL_MS = 5_000;

/** What is known of one silo that this process may talk to. */
interface Peer {
  readonly siloId: string;
  /** Empty until a view has told it. */
  address: string;
  /** True if the silo said that it will leave: then its end costs nothing. */
  isDraining: boolean;
  state:
    | { readonly kind: "idle" }
    | { readonly kind: "dialling" }
    | { readonly kind: "up"; readonly link: Link }
    | {
        readonly kind: "pausing";
        readonly timer: Scheduled;
        /** Why the peer did not want the link, if it said so. */
        readonly rejection: TroupeError | undefined;
      };
  redialMs: number;
  /** What it said last when it did not want the link; undefined once it took one. */
  rejectedBecause: string | undefined;
  /** True once a link was open. */
  wasUp: boolean;
}

/**
 * The links to the silos of the current view: one a peer, dialled again when it breaks, closed when
 * the peer leaves the view.
 *
 * Of two silos the one with the lower id dials, so that there is one link for the pair.
 */
export class PeerLinks {
  readonly #parts: PeerParts;
  readonly #peers = new Map<string, Peer>();
  #closed = false;

  constructor(parts: PeerParts) {
    this.#parts = parts;
  }

  /** The open link to the silo, or undefined; then it is being dialled, or the peer dials. */
  linkTo(siloId: string): Link | undefined {
    const peer = this.#peers.get(siloId);
    if (peer === undefined) return undefined;
    if (peer.state.kind === "up") return peer.state.link;
    if (peer.state.kind === "idle" && this.#parts.dials(siloId) !== "never") this.#dial(peer);
    if (peer.state.kind === "pausing" && peer.state.rejection !== undefined)
      this.#rejectSoon(siloId, peer.state.rejection);
    return undefined;
  }

  /** These are the silos to talk to from now on. */
  setMembers(members: readonly Member[]): void {
    if (this.#closed) return;
    const left = new Set(this.#peers.keys());
    for (const member of members) {
      left.delete(member.siloId);
      const peer = this.#peers.get(member.siloId) ?? newPeer(member.siloId, member.address);
      this.#peers.set(member.siloId, peer);
      peer.address = member.address;
      peer.isDraining = member.state === "draining";
      if (peer.state.kind === "idle" && this.#parts.dials(member.siloId) === "now")
        this.#dial(peer);
    }
    // One that no view has had yet is about to be in one: this view may be older than its joining.
    for (const siloId of left)
      if (this.#peers.get(siloId)?.address !== "") this.#forget(siloId, "it left the cluster");
  }

  /** Takes the link that a peer has dialled; it becomes known only when the view has the peer. */
  adopt(link: Link): LinkHandlers {
    const siloId = link.remote.peerId;
    const peer = this.#peers.get(siloId) ?? newPeer(siloId, "");
    this.#peers.set(siloId, peer);
    if (peer.state.kind === "up") this.#replace(peer, peer.state.link);
    return this.#opened(peer, link);
  }

  close(reason: string): void {
    this.#closed = true;
    for (const siloId of this.#peers.keys()) this.#forget(siloId, reason);
  }

  /**
   * Told now and not when the old link has closed: by then calls may have been sent over the new
   * one, which are not lost.
   */
  #replace(peer: Peer, old: Link): void {
    const reason = "the peer has dialled again";
    peer.state = { kind: "idle" };
    old.close(reason);
    this.#parts.events.onDown(peer.siloId, reason);
  }

  #forget(siloId: string, reason: string): void {
    const peer = this.#peers.get(siloId);
    this.#peers.delete(siloId);
    if (peer?.state.kind === "pausing") peer.state.timer.cancel();
    if (peer?.state.kind !== "up") return;
    const { link } = peer.state;
    if (this.#closed) link.close(reason);
    else
      this.#parts.clock.schedule(peer.isDraining ? LINGER_MS : SHORT_LINGER_MS, () =>
        link.close(reason),
      );
  }

  #dial(peer: Peer): void {
    // A peer that has dialled this side before any view told where it is: the view will come.
    if (peer.address === "") return;
    peer.state = { kind: "dialling" };
    const { transport, hello, logger } = this.#parts;
    const opened = transport.connect(peer.address, hello, (link) => this.#dialled(peer, link));
    opened.catch((error: unknown) => {
      if (this.#peers.get(peer.siloId) !== peer) return;
      const facts = { peer: peer.siloId, address: peer.address, reason: messageOf(error) };
      logger.debug(facts, "dialling a silo failed");
      if (error instanceof TroupeError && REJECTIONS.has(error.code))
        return this.#rejected(peer, error);
      this.#redialLater(peer);
      if (peer.wasUp && isRefused(error)) this.#parts.events.onRefused(peer.siloId);
    });
  }

  #dialled(peer: Peer, link: Link): LinkHandlers {
    const isSame = link.remote.peerId === peer.siloId;
    if (isSame && this.#peers.get(peer.siloId) === peer) return this.#opened(peer, link);
    // Another process took the address: the silo that had it is gone.
    link.close("this is not the silo that was dialled");
    if (this.#peers.get(peer.siloId) === peer) {
      this.#redialLater(peer);
      if (!isSame && peer.wasUp) this.#parts.events.onRefused(peer.siloId);
    }
    return { onEnvelope() {}, onClose() {} };
  }

  #opened(peer: Peer, link: Link): LinkHandlers {
    const { events } = this.#parts;
    peer.state = { kind: "up", link };
    peer.wasUp = true;
    peer.redialMs = FIRST_REDIAL_MS;
    peer.rejectedBecause = undefined;
    queueMicrotask(() => {
      if (peer.state.kind === "up" && peer.state.link === link) events.onUp(peer.siloId, link);
    });
    return {
      onEnvelope: (envelope) => events.onEnvelope(envelope, link),
      onClose: (reason) => {
        if (peer.state.kind !== "up" || peer.state.link !== link) return;
        peer.state = { kind: "idle" };
        const dials = this.#parts.dials(peer.siloId);
        if (peer.address === "" && this.#peers.get(peer.siloId) === peer)
          this.#peers.delete(peer.siloId);
        if (this.#peers.get(peer.siloId) === peer && dials === "now") this.#dial(peer);
        if (dials === "never") this.#knock(peer, KNOCKS);
        events.onDown(peer.siloId, reason);
      },
    };
  }

  /**
   * Finds out whether a peer that dials this side, and whose link broke, is gone: it would never
   * dial again.
   */
  #knock(peer: Peer, times: number): void {
    const { transport, hello, clock, events } = this.#parts;
    const isOver = (): boolean =>
      this.#closed || this.#peers.get(peer.siloId) !== peer || peer.state.kind === "up";
    if (times === 0 || peer.address === "" || isOver()) return;
    const asClient: Hello = { ...hello, role: "client" };
    transport.connect(peer.address, asClient, closeAtOnce).catch((error: unknown) => {
      if (isOver()) return;
      if (isRefused(error)) events.onRefused(peer.siloId);
      else clock.schedule(LAST_REDIAL_MS, () => this.#knock(peer, times - 1));
    });
  }

  /** The peer answered that it does not want the link. It is logged once for each reason. */
  #rejected(peer: Peer, error: TroupeError): void {
    const { logger, events } = this.#parts;
    if (peer.rejectedBecause !== error.message) {
      peer.rejectedBecause = error.message;
      const { siloId, address } = peer;
      const facts = { event: "link_rejected", peer: siloId, address, code: error.code };
      logger.warn(facts, `a silo takes no link from this process: ${error.message}`);
    }
    this.#pause(peer, REJECTED_REDIAL_MS, error);
    events.onRejected(peer.siloId, error);
  }

  /** In a moment, since whoever asks for the link is about to wait for it. */
  #rejectSoon(siloId: string, rejection: TroupeError): void {
    queueMicrotask(() => {
      const state = this.#peers.get(siloId)?.state;
      if (state?.kind === "pausing" && state.rejection === rejection)
        this.#parts.events.onRejected(siloId, rejection);
    });
  }

  #redialLater(peer: Peer): void {
    const pauseMs = peer.redialMs;
    peer.redialMs = Math.min(pauseMs * 2, LAST_REDIAL_MS);
    this.#pause(peer, pauseMs, undefined);
  }

  #pause(peer: Peer, pauseMs: number, rejection: TroupeError | undefined): void {
    const timer = this.#parts.clock.schedule(pauseMs, () => {
      peer.state = { kind: "idle" };
      if (this.#parts.dials(peer.siloId) === "now") this.#dial(peer);
    });
    peer.state = { kind: "pausing", timer, rejection };
  }
}

/** For a link that was only dialled to see whether somebody is there. */
function closeAtOnce(link: Link): LinkHandlers {
  link.close("only looked whether somebody is there");
  return { onEnvelope() {}, onClose() {} };
}

function newPeer(siloId: string, address: string): Peer {
  return {
    siloId,
    address,
    isDraining: false,
    state: { kind: "idle" },
    redialMs: FIRST_REDIAL_MS,
    rejectedBecause: undefined,
    wasUp: false,
  };
}

function isRefused(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return (
    typeof cause === "object" && cause !== null && "refused" in cause && cause.refused === true
  );
}

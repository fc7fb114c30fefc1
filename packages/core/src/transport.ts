import type { Envelope } from "./envelope.ts";
import type { Principal, Role } from "./principal.ts";

/**
 * The version of the link's protocol: peers with another major number refuse each other. From 1.1
 * on secrets are proven and never sent, and from 1.2 on there are streams,
 * and from 1.3 on clients have names.
 */
export const PROTOCOL_VERSION = "1.3";

/** What each side says first on a new link. */
export interface Hello {
  readonly protocol: string;
  readonly cluster: string;
  /** What the sender wants to be; see `Link.principal` for what it has proven to be. */
  readonly role: Role;
  /** Of a client: the name whose secret it proves. */
  readonly name?: string | undefined;
  /** The silo's id, or the client's own. */
  readonly peerId: string;
}

/** Why a link was not accepted. The dialler's `connect` rejects with this code and message. */
export interface Refusal {
  readonly code: "UNAUTHENTICATED" | "BAD_CONFIG" | "CLUSTER_UNAVAILABLE";
  readonly message: string;
}

/** What became of an envelope: it was taken, the link has no room for it, or the link is closed. */
export type SendResult =
  | "sent"
  /** The link has as many unsent bytes as it may have. */
  | "full"
  | "closed";

/** What the owner of a link is told. Calls come one at a time and never after `onClose`. */
export interface LinkHandlers {
  onEnvelope(envelope: Envelope): void;
  /** Once: the link is gone, whichever side or fault ended it. */
  onClose(reason: string): void;
}

/**
 * One connection between two processes. Envelopes arrive at most once, and in the order they were
 * sent; only a large one may be overtaken by envelopes that are not for the same actor. When the
 * link closes, those under way may be lost. A link never comes back: dial again.
 */
export interface Link {
  readonly remote: Hello;
  /** Who the other side has proven to be, or is taken for where nobody asks for a proof. */
  readonly principal: Principal;
  /**
   * Never blocks and never throws. Errors of encoding cannot happen: values are portable when they
   * get here.
   */
  send(envelope: Envelope): SendResult;
  /** Sends what is already queued, then closes. Closing twice is harmless. */
  close(reason: string): void;
}

/** What decides at a listener which links there are. */
export interface LinkAcceptor {
  /** What this side says of itself. */
  hello(): Hello;
  /**
   * Looks at the other side before the link exists, when it has proven who it is; a refusal is sent
   * back and ends it.
   */
  check(remote: Hello, principal: Principal): Refusal | undefined | Promise<Refusal | undefined>;
  /** A link was opened by the other side. */
  accept(link: Link): LinkHandlers;
  /**
   * Somebody was not let in who has not proven what is asked for. Nothing that it says of itself is
   * certain.
   */
  refused?(remote: Hello, refusal: Refusal): void;
}

/** An open port that takes links. */
export interface Listener {
  /** `host:port`, with the real port if 0 was asked for. */
  readonly address: string;
  /** Closes every link that was accepted, and stops listening. */
  close(): Promise<void>;
}

/**
 * How processes reach each other. A transport is given an `Authentication`, and opens no link
 * before both sides have proven what that asks for.
 *
 * `listen` rejects with `BAD_CONFIG` if the address is wrong or in use. `connect` rejects within
 * seconds: with the code of the refusal, or with `SILO_LOST` if nobody answers; its `cause` has
 * `refused: true` if the address said that no process listens there.
 */
export interface Transport {
  listen(address: string, acceptor: LinkAcceptor): Promise<Listener>;
  connect(address: string, hello: Hello, accept: (link: Link) => LinkHandlers): Promise<Link>;
  close(): Promise<void>;
}

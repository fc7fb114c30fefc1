import type { ServerDuplexStream } from "@grpc/grpc-js";
import {
  type Greeting,
  type LinkAcceptor,
  messageOf,
  type Principal,
  type Refusal,
} from "@troupe/core";
import type { ConnectionTable } from "./connection-table.ts";
import { decodeFrame, encodeHello, encodeProof, encodeRefusal } from "./frame.ts";
import { GrpcLink } from "./grpc-link.ts";
import {
  factsOf,
  newNonce,
  proofIn,
  type SeenHello,
  seenCertificate,
  wrongProof,
} from "./handshake.ts";
import { refuseOtherProtocol } from "./protocol-version.ts";
import type { RefusedAttempts } from "./refused-attempts.ts";
import type { TlsOptions, TransportSettings } from "./transport-options.ts";
import { WireError } from "./wire-format.ts";
import { whenEnded, type Wire } from "./wire.ts";

export interface Inbound {
  readonly acceptor: LinkAcceptor;
  readonly connections: ConnectionTable;
  readonly refused: RefusedAttempts;
  readonly settings: TransportSettings;
  /** What this side shows. */
  tls(): TlsOptions | undefined;
  readonly onLink: (link: GrpcLink) => void;
}

/**
 * The listener's side of a handshake (see `handshake.ts`), on a stream that the other side opened:
 * it makes a link of it or ends it. A stream on which nothing is said is ended with its connection,
 * by the connection table.
 */
export function receiveLink(stream: ServerDuplexStream<Buffer, Buffer>, inbound: Inbound): void {
  new InboundHandshake(stream, inbound).start();
}

class InboundHandshake {
  readonly #stream: ServerDuplexStream<Buffer, Buffer>;
  readonly #inbound: Inbound;
  readonly #wire: Wire;
  #isLink = false;

  constructor(stream: ServerDuplexStream<Buffer, Buffer>, inbound: Inbound) {
    const peer = stream.getPeer();
    this.#stream = stream;
    this.#inbound = inbound;
    this.#wire = {
      stream,
      peer,
      release: () => {
        if (this.#isLink) inbound.connections.linkEnded(peer);
      },
      abort: () => inbound.connections.destroy(peer),
    };
  }

  start(): void {
    // Without a listener an error of the stream would end the process.
    whenEnded(this.#wire, () => undefined);
    this.#next((bytes) => this.#hello(bytes));
  }

  /** Takes the next frame; whatever goes wrong with it ends the stream. */
  #next(take: (bytes: Buffer) => void): void {
    this.#stream.once("data", (bytes: Buffer) => {
      try {
        take(bytes);
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #hello(bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    if (frame.kind !== "hello") throw new WireError("it began with something else than hello");
    const refusal = refuseOtherProtocol(frame.hello);
    if (refusal !== undefined) return this.#refuse(frame, refusal);
    const certificate = this.#certificate();
    const greeting = this.#greet(frame, certificate.names);
    if (greeting.kind === "refuse") {
      this.#inbound.acceptor.refused?.(frame.hello, greeting.refusal);
      return this.#refuse(frame, greeting.refusal);
    }
    if (greeting.kind === "prove") this.#challenge(frame, greeting.principal, certificate.channel);
    else this.#admit(frame, greeting.principal, () => encodeHello(this.#inbound.acceptor.hello()));
  }

  #greet({ hello, nonce }: SeenHello, names: readonly string[] | undefined): Greeting {
    const { authentication } = this.#inbound.settings;
    return authentication.greetDialler(hello, nonce !== undefined, names);
  }

  #certificate(): ReturnType<typeof seenCertificate> {
    const { sslPeerCertificate } = this.#stream.getAuthContext();
    return seenCertificate(sslPeerCertificate, this.#inbound.tls(), false);
  }

  /** Asks for the dialler's proof, and answers it with one of this side. */
  #challenge(remote: SeenHello, principal: Principal, channel: string): void {
    const { acceptor, refused, settings } = this.#inbound;
    const own: SeenHello = { hello: acceptor.hello(), nonce: newNonce() };
    const facts = factsOf(remote, own, channel);
    if (facts === undefined) throw new WireError("a hello without a nonce");
    this.#next((bytes) => {
      const proof = proofIn(bytes);
      const { authentication } = settings;
      if (proof instanceof Uint8Array && authentication.verify("dialler", facts, proof))
        return this.#admit(remote, principal, () =>
          encodeProof(authentication.prove("listener", facts)),
        );
      const refusal = wrongProof(remote.hello.peerId, remote.hello);
      acceptor.refused?.(remote.hello, refusal);
      refused.slow(this.#wire.peer, {
        answer: () => this.#refuse(remote, refusal),
        drop: () => this.#wire.abort(),
      });
    });
    this.#stream.write(encodeHello(own.hello, own.nonce));
  }

  /** Asks the acceptor, and opens the link with `last`, the last word of the handshake. */
  #admit(remote: SeenHello, principal: Principal, last: () => Buffer): void {
    const checked = this.#inbound.acceptor.check(remote.hello, principal);
    const decide = (refusal: Refusal | undefined): void => {
      if (refusal === undefined) this.#open(remote, principal, last);
      else this.#refuse(remote, refusal);
    };
    if (!(checked instanceof Promise)) return decide(checked);
    checked.then(decide).catch((error: unknown) => this.#fail(error));
  }

  #open({ hello }: SeenHello, principal: Principal, last: () => Buffer): void {
    const { acceptor, connections, settings, onLink } = this.#inbound;
    const { peer } = this.#wire;
    this.#isLink = true;
    connections.linkOpened(peer);
    try {
      const link = new GrpcLink({ wire: this.#wire, remote: hello, principal, settings });
      this.#stream.write(last());
      onLink(link);
      link.start(acceptor.accept(link));
    } catch (error) {
      settings.logger.error(
        { address: peer, error },
        "accepting a link failed; please report this",
      );
      this.#wire.abort();
    }
  }

  #refuse({ hello }: SeenHello, refusal: Refusal): void {
    const { refused, connections } = this.#inbound;
    refused.log(this.#wire.peer, hello, refusal);
    connections.linkRefused(this.#wire.peer);
    this.#stream.write(encodeRefusal(refusal));
    this.#stream.end();
  }

  #fail(error: unknown): void {
    this.#inbound.settings.logger.warn(
      { address: this.#wire.peer, reason: messageOf(error) },
      "link ended before it was open",
    );
    this.#stream.end();
  }
}

import type { ServerDuplexStream } from "@grpc/grpc-js";
import { type Hello, type LinkAcceptor, type Refusal, messageOf } from "@troupe/core";
import type { ConnectionTable } from "./connection-table.ts";
import { decodeFrame, encodeHello, encodeRefusal } from "./frame.ts";
import { GrpcLink } from "./grpc-link.ts";
import { refuseOtherProtocol } from "./protocol-version.ts";
import type { TransportSettings } from "./transport-options.ts";
import { WireError } from "./wire-format.ts";
import { whenEnded, type Wire } from "./wire.ts";

export interface Inbound {
  readonly acceptor: LinkAcceptor;
  readonly connections: ConnectionTable;
  readonly settings: TransportSettings;
  readonly onLink: (link: GrpcLink) => void;
}

/**
 * Waits for the hello on a stream that the other side opened, and makes a link of it or ends it. A
 * stream on which nothing is said is ended with its connection, by the connection table.
 */
export function receiveLink(stream: ServerDuplexStream<Buffer, Buffer>, inbound: Inbound): void {
  const peer = stream.getPeer();
  const { connections } = inbound;
  let isLink = false;
  const wire: Wire = {
    stream,
    peer,
    release: () => {
      if (isLink) connections.linkEnded(peer);
    },
    abort: () => connections.destroy(peer),
  };
  // Without a listener an error of the stream would end the process.
  whenEnded(wire, () => undefined);
  stream.once("data", (bytes: Buffer) => {
    const remote = readHello(bytes, wire, inbound);
    if (remote === undefined) return;
    isLink = true;
    connections.linkOpened(peer);
    try {
      openLink(remote, wire, inbound);
    } catch (error) {
      inbound.settings.logger.error({ peer, error }, "accepting a link failed; please report this");
      wire.abort();
    }
  });
}

/** The other side's hello, or undefined if the stream was ended instead. */
function readHello(bytes: Buffer, wire: Wire, { acceptor, settings }: Inbound): Hello | undefined {
  try {
    const frame = decodeFrame(bytes);
    if (frame.kind !== "hello") throw new WireError("it began with something else than hello");
    const refusal = refuseOtherProtocol(frame.hello) ?? acceptor.check(frame.hello);
    if (refusal === undefined) return frame.hello;
    refuse(refusal, wire);
    settings.logger.info(
      { peer: wire.peer, peerId: frame.hello.peerId, code: refusal.code },
      `link refused: ${refusal.message}`,
    );
  } catch (error) {
    settings.logger.warn(
      { peer: wire.peer, reason: messageOf(error) },
      "link ended before it was open",
    );
    wire.stream.end();
  }
  return undefined;
}

function refuse(refusal: Refusal, wire: Wire): void {
  wire.stream.write(encodeRefusal(refusal));
  wire.stream.end();
}

function openLink(remote: Hello, wire: Wire, { acceptor, settings, onLink }: Inbound): void {
  const link = new GrpcLink({ wire, remote, settings });
  wire.stream.write(encodeHello(acceptor.hello()));
  onLink(link);
  link.start(acceptor.accept(link));
}

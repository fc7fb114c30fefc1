import { createServer, type Server as TcpServer } from "node:net";
import {
  type ConnectionInjector,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import { type LinkAcceptor, type Listener, messageOf, TroupeError } from "@troupe/core";
import { ConnectionTable } from "./connection-table.ts";
import type { GrpcLink } from "./grpc-link.ts";
import { formatHostPort, type HostPort } from "./host-port.ts";
import { type Inbound, receiveLink } from "./inbound-handshake.ts";
import { FRAME_MAX_BYTES } from "./link-limits.ts";
import { LINK_OPEN } from "./link-service.ts";
import { FRAME_OVERHEAD_BYTES } from "./outbound-dial.ts";
import { RefusedAttempts } from "./refused-attempts.ts";
import type { TlsOptions, TransportSettings } from "./transport-options.ts";

/** Streams on one connection. A link needs one; the rest is for other services on the same port. */
const STREAMS_MAX = 16;

/** How long the other sides may take to end their connections once their links are closed. */
const CLOSE_GRACE_MS = 500;

/**
 * Accepts links on one address.
 *
 * The TCP server is our own and hands its connections to gRPC, so that errors of listening are told
 * exactly, their number is limited, and one that never becomes a link is ended.
 */
export class GrpcListener implements Listener {
  readonly address: string;
  readonly #tcp: TcpServer;
  readonly #grpc: Server;
  readonly #settings: TransportSettings;
  readonly #connections: ConnectionTable;
  readonly #links = new Set<GrpcLink>();
  #injected:
    | { readonly tls: TlsOptions | undefined; readonly injector: ConnectionInjector }
    | undefined;
  #closed: Promise<void> | undefined;

  private constructor(
    tcp: TcpServer,
    host: string,
    acceptor: LinkAcceptor,
    settings: TransportSettings,
  ) {
    const { clock, logger, limits } = settings;
    const bound = tcp.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    this.address = formatHostPort({ host, port });
    this.#tcp = tcp;
    this.#settings = settings;
    this.#connections = new ConnectionTable(clock, logger, limits.helloTimeoutMs);
    this.#grpc = new Server({
      "grpc.max_receive_message_length": FRAME_MAX_BYTES + FRAME_OVERHEAD_BYTES,
      "grpc.max_send_message_length": -1,
      "grpc.max_concurrent_streams": STREAMS_MAX,
      "grpc.enable_channelz": 0,
    });
    this.#serve(acceptor);
    tcp.on("connection", (socket) => {
      this.#connections.add(socket);
      this.#injector().injectConnection(socket);
    });
    // A connection that cannot be accepted is the dialler's loss; the listener stays.
    tcp.on("error", (error) =>
      logger.warn({ address: this.address, error }, "accepting a connection failed"),
    );
  }

  /** Rejects with `BAD_CONFIG` if the address cannot be listened on. */
  static async open(
    address: HostPort,
    acceptor: LinkAcceptor,
    settings: TransportSettings,
  ): Promise<GrpcListener> {
    const tcp = createServer({ noDelay: true });
    tcp.maxConnections = settings.limits.connectionsMax;
    await new Promise<void>((resolve, reject) => {
      tcp.once("error", (error) => reject(cannotListen(address, error)));
      // The workers of node:cluster would share the port, and a link would reach any of them.
      tcp.listen({ host: address.host, port: address.port, exclusive: true }, () => {
        tcp.removeAllListeners("error");
        resolve();
      });
    });
    return new GrpcListener(tcp, address.host, acceptor, settings);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { clock } = this.#settings;
    const stopped = new Promise<void>((resolve) => {
      this.#tcp.close(() => resolve());
    });
    this.#connections.destroyIdle();
    const links = [...this.#links];
    for (const link of links) link.close("the listener was closed");
    await Promise.all(links.map((link) => link.ended));
    const timer = clock.schedule(CLOSE_GRACE_MS, () => this.#connections.destroyAll());
    await stopped;
    timer.cancel();
    this.#grpc.forceShutdown();
  }

  #serve(acceptor: LinkAcceptor): void {
    const connections = this.#connections;
    const { clock, logger } = this.#settings;
    const inbound: Inbound = {
      acceptor,
      connections,
      refused: new RefusedAttempts(clock, logger),
      settings: this.#settings,
      tls: () => this.#injected?.tls,
      onLink: (link) => this.#hold(link),
    };
    this.#grpc.addService(
      { Open: LINK_OPEN },
      {
        Open: (stream: ServerDuplexStream<Buffer, Buffer>) => receiveLink(stream, inbound),
      },
    );
  }

  /** Gives connections to gRPC. There is another one when the certificates are others. */
  #injector(): ConnectionInjector {
    const tls = this.#settings.tls?.();
    if (this.#injected === undefined || this.#injected.tls !== tls) {
      this.#injected = { tls, injector: this.#grpc.createConnectionInjector(credentialsOf(tls)) };
    }
    return this.#injected.injector;
  }

  #hold(link: GrpcLink): void {
    if (this.#closed !== undefined) {
      link.close("the listener was closed");
      return;
    }
    this.#links.add(link);
    void link.ended.then(() => this.#links.delete(link));
  }
}

function credentialsOf(tls: TlsOptions | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const own = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
  return ServerCredentials.createSsl(Buffer.from(tls.ca), [own], true);
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is in use; choose another port or stop the process that has it",
  EADDRNOTAVAIL: "this machine does not have the address",
  EACCES: "this process may not listen there; choose a port above 1023",
  ENOTFOUND: "the host name is not known",
};

function cannotListen(address: HostPort, error: Error): TroupeError {
  const code = "code" in error ? String(error.code) : "";
  const why = REMEDIES[code] ?? messageOf(error);
  return new TroupeError("BAD_CONFIG", `cannot listen on ${formatHostPort(address)}: ${why}`, {
    cause: error,
  });
}

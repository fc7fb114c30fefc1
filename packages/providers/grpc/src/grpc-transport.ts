import {
  type Hello,
  type Link,
  type LinkAcceptor,
  type LinkHandlers,
  type Listener,
  NO_AUTHENTICATION,
  type Transport,
  TroupeError,
} from "@troupe/core";
import type { GrpcLink } from "./grpc-link.ts";
import { GrpcListener } from "./grpc-listener.ts";
import { parseHostPort, type HostPort } from "./host-port.ts";
import { DEFAULT_LINK_LIMITS } from "./link-limits.ts";
import { dialLink } from "./outbound-dial.ts";
import type { GrpcTransportOptions, TransportSettings } from "./transport-options.ts";
import { WriteTurns } from "./write-turns.ts";

/** Links over gRPC, one bidirectional stream each, as `proto/troupe/link.proto` describes. */
export class GrpcTransport implements Transport, AsyncDisposable {
  readonly #settings: TransportSettings;
  readonly #listeners = new Set<GrpcListener>();
  readonly #links = new Set<GrpcLink>();
  #closed = false;

  constructor({ clock, logger, tls, authentication, limits }: GrpcTransportOptions) {
    const writeTurns = new WriteTurns(clock);
    this.#settings = {
      clock,
      logger,
      tls,
      authentication: authentication ?? NO_AUTHENTICATION,
      limits: { ...DEFAULT_LINK_LIMITS, ...limits },
      writeTurns,
    };
  }

  async listen(address: string, acceptor: LinkAcceptor): Promise<Listener> {
    const listener = await GrpcListener.open(this.#parse(address), acceptor, this.#settings);
    if (this.#closed) {
      await listener.close();
      throw closedError();
    }
    this.#listeners.add(listener);
    return listener;
  }

  async connect(
    address: string,
    hello: Hello,
    accept: (link: Link) => LinkHandlers,
  ): Promise<Link> {
    if (this.#closed) throw closedError();
    const link = await dialLink({
      address: this.#parse(address),
      hello,
      accept,
      settings: this.#settings,
    });
    this.#links.add(link);
    void link.ended.then(() => this.#links.delete(link));
    if (this.#closed) link.close("the transport was closed");
    return link;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const links = [...this.#links];
    for (const link of links) link.close("the transport was closed");
    await Promise.all([
      ...[...this.#listeners].map((listener) => listener.close()),
      ...links.map((link) => link.ended),
    ]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #parse(address: string): HostPort {
    const parsed = parseHostPort(address);
    if (parsed !== undefined) return parsed;
    throw new TroupeError(
      "BAD_CONFIG",
      `${JSON.stringify(address)} is not an address; write host:port, as in 10.0.0.5:7100 or [::1]:7100`,
    );
  }
}

export function createGrpcTransport(options: GrpcTransportOptions): GrpcTransport {
  return new GrpcTransport(options);
}

function closedError(): TroupeError {
  return new TroupeError("SILO_LOST", "the transport was closed", { ran: "no", retryable: false });
}

import type {
  Envelope,
  Hello,
  Link,
  LinkAcceptor,
  LinkHandlers,
  Listener,
  SendResult,
  Transport,
} from "@troupe/core";

/** How many envelopes of each kind a cluster's links have taken. */
export class EnvelopeCounts {
  readonly #counts = new Map<Envelope["kind"], number>();

  add(kind: Envelope["kind"]): void {
    this.#counts.set(kind, this.of(kind) + 1);
  }

  of(kind: Envelope["kind"]): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** All but the probes of links, which go on whether or not anything changes. */
  get withoutProbes(): Readonly<Record<string, number>> {
    const rest = [...this.#counts].filter(([kind]) => kind !== "ping" && kind !== "pong");
    return Object.fromEntries(rest);
  }
}

/** A transport whose links count what is sent over them. */
export class CountingTransport implements Transport {
  readonly #transport: Transport;
  readonly #counts: EnvelopeCounts;

  constructor(transport: Transport, counts: EnvelopeCounts) {
    this.#transport = transport;
    this.#counts = counts;
  }

  listen(address: string, acceptor: LinkAcceptor): Promise<Listener> {
    return this.#transport.listen(address, {
      hello: () => acceptor.hello(),
      check: (remote, principal) => acceptor.check(remote, principal),
      accept: (link) => acceptor.accept(new CountingLink(link, this.#counts)),
      refused: (remote, refusal) => acceptor.refused?.(remote, refusal),
    });
  }

  async connect(
    address: string,
    hello: Hello,
    accept: (link: Link) => LinkHandlers,
  ): Promise<Link> {
    let counting: Link | undefined;
    const link = await this.#transport.connect(address, hello, (opened) => {
      counting = new CountingLink(opened, this.#counts);
      return accept(counting);
    });
    return counting ?? link;
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

class CountingLink implements Link {
  readonly #link: Link;
  readonly #counts: EnvelopeCounts;

  constructor(link: Link, counts: EnvelopeCounts) {
    this.#link = link;
    this.#counts = counts;
  }

  get remote(): Link["remote"] {
    return this.#link.remote;
  }

  get principal(): Link["principal"] {
    return this.#link.principal;
  }

  send(envelope: Envelope): SendResult {
    const result = this.#link.send(envelope);
    if (result === "sent") this.#counts.add(envelope.kind);
    return result;
  }

  close(reason: string): void {
    this.#link.close(reason);
  }
}

import type {
  Clock,
  Envelope,
  Hello,
  Link,
  LinkAcceptor,
  LinkHandlers,
  Listener,
  SendResult,
  Transport,
} from "@troupe/core";

/**
 * How many envelopes of each kind the links of a cluster have taken. What goes in the frame of a
 * probe is a kind of its own: probes go on whether or not anything changes.
 */
export class EnvelopeCounts {
  readonly #counts = new Map<string, number>();

  add(kind: string): void {
    this.#counts.set(kind, this.of(kind) + 1);
  }

  of(kind: string): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** What was sent beyond the probes of links, by kind. */
  get withoutProbes(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].filter(([kind]) => !PROBES.has(kind)));
  }
}

/** A release that leaves together with a probe of the same link. */
const WITH_PROBE = "released with a ping";

const PROBES: ReadonlySet<string> = new Set(["ping", "pong", WITH_PROBE]);

/** A transport whose links count what is sent over them. */
export class CountingTransport implements Transport {
  readonly #transport: Transport;
  readonly #counts: EnvelopeCounts;
  readonly #clock: Clock;

  constructor(transport: Transport, counts: EnvelopeCounts, clock: Clock) {
    this.#transport = transport;
    this.#counts = counts;
    this.#clock = clock;
  }

  listen(address: string, acceptor: LinkAcceptor): Promise<Listener> {
    return this.#transport.listen(address, {
      hello: () => acceptor.hello(),
      check: (remote, principal) => acceptor.check(remote, principal),
      accept: (link) => acceptor.accept(this.#counting(link)),
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
      counting = this.#counting(opened);
      return accept(counting);
    });
    return counting ?? link;
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #counting(link: Link): Link {
    return new CountingLink(link, this.#counts, this.#clock);
  }
}

class CountingLink implements Link {
  readonly #link: Link;
  readonly #counts: EnvelopeCounts;
  readonly #clock: Clock;
  #pingedAt: number | undefined;

  constructor(link: Link, counts: EnvelopeCounts, clock: Clock) {
    this.#link = link;
    this.#counts = counts;
    this.#clock = clock;
  }

  get remote(): Link["remote"] {
    return this.#link.remote;
  }

  get principal(): Link["principal"] {
    return this.#link.principal;
  }

  send(envelope: Envelope): SendResult {
    const result = this.#link.send(envelope);
    if (result === "sent") this.#counts.add(this.#kindOf(envelope));
    return result;
  }

  close(reason: string): void {
    this.#link.close(reason);
  }

  /** What is sent in one moment leaves in one frame. */
  #kindOf({ kind }: Envelope): string {
    const now = this.#clock.monotonic();
    if (kind === "ping") this.#pingedAt = now;
    return kind === "released" && this.#pingedAt === now ? WITH_PROBE : kind;
  }
}

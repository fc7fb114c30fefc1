import {
  type Authentication,
  NO_AUTHENTICATION,
  sleep,
  TroupeError,
  type Clock,
  type Hello,
  type Link,
  type LinkAcceptor,
  type LinkHandlers,
  type Listener,
  type Refusal,
  type Transport,
} from "@troupe/core";
import { type HandshakeResult, shakeHands } from "./memory-handshake.ts";
import { MemoryLink } from "./memory-link.ts";
import type { MemoryNetwork, NetworkListener, NetworkProcess } from "./memory-network.ts";

/** How long a dial waits for an answer that a cut has swallowed. */
const DIAL_TIMEOUT_MS = 2_000;

export interface MemoryTransportOptions {
  readonly network: MemoryNetwork;
  /** The process's own. */
  readonly clock: Clock;
  /** What it asks of others, and proves to them. Default: nothing. */
  readonly authentication?: Authentication;
  /** What `cut` and `kill` call a process that does not listen. */
  readonly name?: string;
}

/** A `Transport` over a `MemoryNetwork`: one process of it. */
export class MemoryTransport implements Transport, NetworkProcess {
  readonly #network: MemoryNetwork;
  readonly #clock: Clock;
  readonly #name: string | undefined;
  readonly #authentication: Authentication;
  readonly #listeners = new Map<string, NetworkListener>();
  readonly #links = new Set<MemoryLink>();
  /**
   * Addresses stay names of the process after it has stopped to listen there, so that cuts hold.
   */
  readonly #addresses = new Set<string>();
  #state: "open" | "closed" | "dead" = "open";

  constructor({ network, clock, name, authentication }: MemoryTransportOptions) {
    this.#network = network;
    this.#clock = clock;
    this.#name = name;
    this.#authentication = authentication ?? NO_AUTHENTICATION;
    network.enter(this);
  }

  async listen(address: string, acceptor: LinkAcceptor): Promise<Listener> {
    if (this.#state !== "open")
      throw new TroupeError("BAD_CONFIG", `cannot listen on ${address}: the transport was closed`);
    const listener: NetworkListener = {
      process: this,
      clock: this.#clock,
      acceptor,
      authentication: this.#authentication,
      links: new Set(),
    };
    const bound = this.#network.bind(address, listener);
    this.#listeners.set(bound, listener);
    this.#addresses.add(bound);
    return {
      address: bound,
      close: async () => {
        // A later listener may have the address by now.
        if (this.#listeners.get(bound) === listener) this.#stopListening(bound, listener);
      },
    };
  }

  async connect(
    address: string,
    hello: Hello,
    accept: (link: Link) => LinkHandlers,
  ): Promise<Link> {
    this.#checkOpen(address);
    await this.#travel();
    if (!this.#network.reaches(this, address)) {
      await sleep(this.#network.clock, DIAL_TIMEOUT_MS);
      throw new TroupeError("SILO_LOST", `${address} did not answer within ${DIAL_TIMEOUT_MS} ms`, {
        ran: "no",
      });
    }
    const listener = this.#network.listenerAt(address);
    if (listener === undefined) {
      await this.#travel();
      const cause = Object.assign(new Error("connection refused"), { refused: true });
      throw new TroupeError("SILO_LOST", `no process listens on ${address}`, { ran: "no", cause });
    }
    const met = await this.#meet(listener, hello);
    if (met.kind === "refused") {
      await this.#travel();
      throw new TroupeError(met.refusal.code, met.refusal.message, { ran: "no" });
    }
    const link = this.#join(listener, hello, met);
    await this.#travel();
    this.#checkOpen(address);
    link.start(accept(link));
    return link;
  }

  async close(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "closed";
    for (const [address, listener] of this.#listeners) this.#stopListening(address, listener);
    for (const link of this.#links) link.close("the transport was closed");
    this.#network.leave(this);
  }

  isCalled(name: string): boolean {
    return name === this.#name || this.#addresses.has(name);
  }

  die(): void {
    this.#state = "dead";
    for (const [address, listener] of this.#listeners) {
      this.#network.unbind(address);
      for (const link of listener.links) link.reset();
    }
    this.#listeners.clear();
    for (const link of this.#links) link.reset();
    this.#network.leave(this);
  }

  async #meet(listener: NetworkListener, hello: Hello): Promise<HandshakeResult> {
    const { acceptor, authentication } = listener;
    const wrongVersion = refuseOtherMajor(hello, acceptor.hello());
    if (wrongVersion !== undefined) return { kind: "refused", refusal: wrongVersion };
    const dialler = { hello, authentication: this.#authentication };
    const met = shakeHands(dialler, { hello: acceptor.hello(), authentication });
    if (met.kind === "refused") {
      acceptor.refused?.(hello, met.refusal);
      return met;
    }
    const refusal = await acceptor.check(hello, met.dialler);
    return refusal === undefined ? met : { kind: "refused", refusal };
  }

  /** Makes both ends of a link, and tells the listener of its one. */
  #join(
    listener: NetworkListener,
    hello: Hello,
    met: Extract<HandshakeResult, { kind: "met" }>,
  ): MemoryLink {
    const near = new MemoryLink({
      remote: listener.acceptor.hello(),
      principal: met.listener,
      route: this.#network.route(this, listener.process),
      clock: this.#clock,
      onFinished: () => {
        this.#links.delete(near);
        this.#network.removeLink(near);
      },
    });
    const far = new MemoryLink({
      remote: hello,
      principal: met.dialler,
      route: this.#network.route(listener.process, this),
      clock: listener.clock,
      onFinished: () => {
        listener.links.delete(far);
        this.#network.removeLink(far);
      },
    });
    MemoryLink.join(near, far);
    this.#links.add(near);
    listener.links.add(far);
    this.#network.addLink(near);
    this.#network.addLink(far);
    far.start(listener.acceptor.accept(far));
    return near;
  }

  #stopListening(address: string, listener: NetworkListener): void {
    this.#network.unbind(address);
    this.#listeners.delete(address);
    for (const link of listener.links) link.close("the other side stopped listening");
  }

  #travel(): Promise<void> {
    return sleep(this.#network.clock, this.#network.latencyMs);
  }

  #checkOpen(address: string): void {
    if (this.#state === "open") return;
    throw new TroupeError("SILO_LOST", `cannot dial ${address}: this transport was closed`, {
      ran: "no",
      retryable: false,
    });
  }
}

function refuseOtherMajor(dialler: Hello, listener: Hello): Refusal | undefined {
  const [theirs, ours] = [dialler.protocol.split(".", 1)[0], listener.protocol.split(".", 1)[0]];
  if (theirs === ours) return undefined;
  return {
    code: "BAD_CONFIG",
    message: `protocol ${dialler.protocol} does not go with ${listener.protocol}; run the same major version`,
  };
}

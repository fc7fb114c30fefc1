import { type Authentication, TroupeError, type Clock, type LinkAcceptor } from "@troupe/core";
import type { MemoryLink, Route } from "./memory-link.ts";

const FIRST_FREE_PORT = 49_152;
const LAST_PORT = 65_535;
const ADDRESS = /^(.+):(\d{1,5})$/;

/** A process of the network, as the network needs to know it. */
export interface NetworkProcess {
  /**
   * Every name that `cut` and `kill` may call it by: its own, and the addresses on which it
   * listens.
   */
  isCalled(name: string): boolean;
  /** Ends it as SIGKILL would. */
  die(): void;
}

/** Somebody who listens. */
export interface NetworkListener {
  readonly process: NetworkProcess;
  /** The process's own. */
  readonly clock: Clock;
  readonly acceptor: LinkAcceptor;
  readonly authentication: Authentication;
  /** The ends of the accepted links, which close with the listener. */
  readonly links: Set<MemoryLink>;
}

export interface MemoryNetworkOptions {
  readonly clock: Clock;
  /**
   * Milliseconds from one process to another. Default: 0, which is still never inside of the
   * sender's call.
   */
  readonly latencyMs?: number;
}

/**
 * The wires between the processes of a test: addresses, listeners, and the faults that a network
 * has. Processes are named by an address on which they listen, or by the name that their transport
 * was given.
 *
 * A cut is silent, as a dropped packet is: what is under way waits until it is healed, and a dial
 * finds nobody.
 */
export class MemoryNetwork {
  readonly clock: Clock;
  readonly latencyMs: number;
  readonly #processes = new Set<NetworkProcess>();
  readonly #listeners = new Map<string, NetworkListener>();
  readonly #links = new Set<MemoryLink>();
  #cuts: readonly { readonly from: string; readonly to: string }[] = [];
  #nextPort = FIRST_FREE_PORT;

  constructor({ clock, latencyMs = 0 }: MemoryNetworkOptions) {
    this.clock = clock;
    this.latencyMs = latencyMs;
  }

  /** Drops everything between two processes, in both directions. */
  cut(a: string, b: string): void {
    this.cutOneWay(a, b);
    this.cutOneWay(b, a);
  }

  /** Drops everything that `from` sends to `to`. */
  cutOneWay(from: string, to: string): void {
    this.#cuts = [...this.#cuts, { from, to }];
  }

  /** Undoes every cut between two processes that was made with these names. */
  heal(a: string, b: string): void {
    this.#cuts = this.#cuts.filter(
      ({ from, to }) => !((from === a && to === b) || (from === b && to === a)),
    );
    this.#deliverAll();
  }

  healAll(): void {
    this.#cuts = [];
    this.#deliverAll();
  }

  /**
   * Ends a process as SIGKILL would: it is told nothing more, its links break, its addresses
   * refuse.
   */
  kill(name: string): void {
    for (const process of this.#processes) if (process.isCalled(name)) process.die();
  }

  enter(process: NetworkProcess): void {
    this.#processes.add(process);
  }

  leave(process: NetworkProcess): void {
    this.#processes.delete(process);
  }

  /** Takes the address for `listener`, with a free port in place of port 0, and gives it. */
  bind(address: string, listener: NetworkListener): string {
    const bound = this.#withPort(address);
    if (this.#listeners.has(bound))
      throw new TroupeError("BAD_CONFIG", `${bound} is in use; listen on another address`);
    this.#listeners.set(bound, listener);
    return bound;
  }

  unbind(address: string): void {
    this.#listeners.delete(address);
  }

  listenerAt(address: string): NetworkListener | undefined {
    return this.#listeners.get(address);
  }

  /** Whether packets go to the address and back; somebody who listens there need not be. */
  reaches(process: NetworkProcess, address: string): boolean {
    const isThere = (name: string): boolean =>
      name === address || this.#listeners.get(address)?.process.isCalled(name) === true;
    return !this.#cuts.some(
      ({ from, to }) =>
        (process.isCalled(from) && isThere(to)) || (isThere(from) && process.isCalled(to)),
    );
  }

  route(from: NetworkProcess, to: NetworkProcess): Route {
    return { clock: this.clock, latencyMs: this.latencyMs, isOpen: () => !this.#isCut(from, to) };
  }

  addLink(link: MemoryLink): void {
    this.#links.add(link);
  }

  removeLink(link: MemoryLink): void {
    this.#links.delete(link);
  }

  #isCut(one: NetworkProcess, other: NetworkProcess): boolean {
    return this.#cuts.some(({ from, to }) => one.isCalled(from) && other.isCalled(to));
  }

  #deliverAll(): void {
    for (const link of this.#links) link.deliver();
  }

  #withPort(address: string): string {
    const [, host, port] = ADDRESS.exec(address) ?? [];
    if (host === undefined || port === undefined || Number(port) > LAST_PORT) {
      throw new TroupeError(
        "BAD_CONFIG",
        `${JSON.stringify(address)} is not an address to listen on; use host:port`,
      );
    }
    return Number(port) === 0 ? `${host}:${this.#freePort(host)}` : address;
  }

  #freePort(host: string): number {
    for (let tries = FIRST_FREE_PORT; tries <= LAST_PORT; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port === LAST_PORT ? FIRST_FREE_PORT : port + 1;
      if (!this.#listeners.has(`${host}:${port}`)) return port;
    }
    throw new TroupeError("BAD_CONFIG", `${host} has no free port left`);
  }
}

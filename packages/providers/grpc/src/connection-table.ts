import type { Socket } from "node:net";
import type { Clock, Logger, Scheduled } from "@troupe/core";

interface Connection {
  readonly socket: Socket;
  /** Links on it. */
  links: number;
  hadLink: boolean;
  wasRefused: boolean;
  timer: Scheduled | undefined;
}

/**
 * The TCP connections of one listener.
 *
 * CONT-1. A connection without a link for `idleMs` is ended, whatever it sends.
 * CONT-2. A connection that sent something but never became a link leaves one line in the log,
 *     unless it was refused: of that there is a line already.
 */
export class ConnectionTable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #idleMs: number;
  readonly #connections = new Map<string, Connection>();

  constructor(clock: Clock, logger: Logger, idleMs: number) {
    this.#clock = clock;
    this.#logger = logger;
    this.#idleMs = idleMs;
  }

  add(socket: Socket): void {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const connection: Connection = {
      socket,
      links: 0,
      hadLink: false,
      wasRefused: false,
      timer: undefined,
    };
    this.#connections.set(peer, connection);
    this.#watch(connection);
    // Whatever goes wrong with a connection, its end is what counts.
    socket.on("error", () => undefined);
    socket.once("close", () => {
      connection.timer?.cancel();
      this.#connections.delete(peer);
      const { hadLink, wasRefused } = connection;
      if (!hadLink && !wasRefused && socket.bytesRead > 0)
        this.#logger.warn({ address: peer }, "connection ended before it became a link");
    });
  }

  /** A link was opened on the connection of that peer. */
  linkOpened(peer: string): void {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    connection.links++;
    connection.hadLink = true;
    connection.timer?.cancel();
  }

  /** A link was refused on the connection of that peer. */
  linkRefused(peer: string): void {
    const connection = this.#connections.get(peer);
    if (connection !== undefined) connection.wasRefused = true;
  }

  linkEnded(peer: string): void {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    connection.links--;
    if (connection.links === 0) this.#watch(connection);
  }

  /** Ends the connection of that peer now. */
  destroy(peer: string): void {
    this.#connections.get(peer)?.socket.destroy();
  }

  destroyAll(): void {
    for (const { socket } of this.#connections.values()) socket.destroy();
  }

  /** Ends the connections that have no link. */
  destroyIdle(): void {
    for (const { socket, hadLink } of this.#connections.values()) if (!hadLink) socket.destroy();
  }

  #watch(connection: Connection): void {
    connection.timer = this.#clock.schedule(this.#idleMs, () => connection.socket.destroy());
  }
}

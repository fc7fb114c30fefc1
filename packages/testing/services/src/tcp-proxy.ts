import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * A proxy in front of a service, for faults of the network that need no rights: connections that
 * break, replies that are lost, a service that cannot be reached.
 */
export interface TcpProxy {
  readonly port: number;
  /** Connections that were accepted so far. */
  accepted(): number;
  /** Breaks every connection; new ones are accepted. */
  cut(): void;
  /**
   * Refuses new connections (each is closed at once), and breaks those that there are, until
   * `open`.
   */
  shut(): void;
  open(): void;
  /**
   * Drops what the service sends from now on, on connections that exist. Requests still arrive. New
   * connections are whole.
   */
  dropReplies(): void;
  /**
   * Keeps back what clients send from now on, on connections that exist, even after they hang up.
   * New connections are whole.
   */
  holdRequests(): void;
  /**
   * Hands on what was kept back; resolves when the service has answered, which may be to nobody.
   */
  releaseRequests(): Promise<void>;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly service: Socket;
  replies: boolean;
  /** What the client has sent and the service has not got. */
  held: Buffer[] | undefined;
}

/** Starts a proxy to a port of the loopback interface. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let accepted = 0;
  let shut = false;
  const cut = (): void => {
    for (const { client, service } of pairs) {
      client.destroy();
      service.destroy();
    }
    pairs.clear();
  };
  const server = createServer((client) => {
    if (shut) {
      client.destroy();
      return;
    }
    accepted += 1;
    const pair: Pair = {
      client,
      service: connect(targetPort, "127.0.0.1"),
      replies: true,
      held: undefined,
    };
    pairs.add(pair);
    join(pair, () => pairs.delete(pair));
  });
  const port = await listen(server);
  return {
    port,
    accepted: () => accepted,
    cut,
    shut() {
      shut = true;
      cut();
    },
    open() {
      shut = false;
    },
    dropReplies() {
      for (const pair of pairs) pair.replies = false;
    },
    holdRequests() {
      for (const pair of pairs) pair.held ??= [];
    },
    async releaseRequests() {
      await Promise.all([...pairs].map((pair) => release(pair)));
    },
    close() {
      cut();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function join(pair: Pair, onEnd: () => void): void {
  const { client, service } = pair;
  client.on("data", (data) => {
    if (pair.held === undefined) service.write(data);
    else pair.held.push(data);
  });
  service.on("data", (data) => {
    if (pair.replies && !client.destroyed) client.write(data);
  });
  for (const [one, other] of [
    [client, service],
    [service, client],
  ] as const) {
    one.on("error", () => undefined);
    one.on("close", () => {
      if (one === client && pair.held !== undefined) return;
      other.destroy();
      onEnd();
    });
  }
}

function release({ service, held = [] }: Pair): Promise<void> {
  if (held.length === 0) return Promise.resolve();
  return new Promise((resolve) => {
    service.once("data", () => resolve());
    service.once("close", () => resolve());
    service.write(Buffer.concat(held.splice(0)));
  });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

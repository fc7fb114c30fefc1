import { TroupeError, withTimeout, type Clock } from "@troupe/core";
import { noop } from "cockatiel";
import {
  castGrpcError,
  Etcd3,
  isRecoverableError,
  type IOptions,
  type IRangeRequest,
  type IRangeResponse,
  type ITxnRequest,
  type ITxnResponse,
  type IWatchCreateRequest,
  type IWatchResponse,
} from "etcd3";
import { rootCertificates } from "node:tls";
import { etcdFailure, isCompacted, isLeaseGone } from "./etcd-failure.ts";

/** How long one attempt at a call may take, and all of them together. */
const ATTEMPT_TIMEOUT_MS = 1_500;
const CALL_TIMEOUT_MS = 3_000;

/** etcd ends the connection of a client that pings more often than every 5 s. */
const PING_EVERY_MS = 10_000;
const PING_TIMEOUT_MS = 3_000;

export interface EtcdTls {
  /**
   * Certificates of the authorities that sign the server's, in PEM. Default: those that Node.js
   * knows.
   */
  readonly ca?: string | Buffer;
  /** The client's certificate and its key, in PEM, if the server asks for them. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

export interface EtcdClientOptions {
  /** `host:port`, or `http://host:port`, each. */
  readonly endpoints: readonly string[];
  readonly clock: Clock;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: EtcdTls;
}

export interface EtcdWatchHandlers {
  onResponse(response: IWatchResponse): void;
  /** At most once: nothing more will come. */
  onEnd(error: Error): void;
}

/**
 * The calls of etcd that membership needs, through etcd3's connections.
 *
 * CALL-1. Every call settles within about three seconds. What fails because etcd is away rejects
 *     with `CLUSTER_UNAVAILABLE`; that a lease is gone or history was compacted is an answer.
 * CALL-2. A call that failed may have had its effect, and is tried again, on the next endpoint if
 *     there is one: all calls made here may run twice.
 * CALL-3. One endpoint is used until it fails, so calls and watches of one process go where the
 *     last call was answered.
 */
export class EtcdClient {
  readonly endpoints: string;
  readonly #clock: Clock;
  /** One for each endpoint: etcd3 would choose among several by chance, dead ones too. */
  readonly #etcds: readonly Etcd3[];
  #current = 0;

  constructor(options: EtcdClientOptions) {
    this.endpoints = options.endpoints.join(", ");
    this.#clock = options.clock;
    this.#etcds = options.endpoints.map((endpoint) => new Etcd3(etcdOptions(endpoint, options)));
  }

  range(request: IRangeRequest): Promise<IRangeResponse> {
    return this.#call((etcd) => etcd.kv.range(request));
  }

  /** Undefined if etcd has thrown away what it was at that revision. */
  async rangeAt(revision: number, request: IRangeRequest): Promise<IRangeResponse | undefined> {
    return this.#call(async (etcd) => {
      try {
        return await etcd.kv.range({ ...request, revision });
      } catch (error) {
        if (isCompacted(error)) return undefined;
        throw error;
      }
    });
  }

  /** `"lease gone"` if a put names a lease that etcd does not know. */
  async transact(request: ITxnRequest): Promise<ITxnResponse | "lease gone"> {
    return this.#call((etcd) => orGone("lease gone", etcd.kv.txn(request)));
  }

  /**
   * The id of a new lease that lives at least `ttlMs` (etcd counts whole seconds and may have a
   * higher minimum).
   */
  async grantLease(ttlMs: number): Promise<string> {
    return this.#call(
      async (etcd) => (await etcd.leaseClient.leaseGrant({ TTL: Math.ceil(ttlMs / 1_000) })).ID,
    );
  }

  /** Ends the lease, and deletes its keys with it. */
  async revokeLease(leaseId: string): Promise<"revoked" | "gone"> {
    return this.#call((etcd) =>
      orGone(
        "gone",
        etcd.leaseClient.leaseRevoke({ ID: leaseId }).then(() => "revoked" as const),
      ),
    );
  }

  /** Gives the lease its full time again. */
  keepAlive(leaseId: string): Promise<"alive" | "gone"> {
    return this.#call((etcd) => this.#keepAliveOn(etcd, leaseId));
  }

  /**
   * Opens a watch; what goes wrong later is told by `onEnd`. The returned function ends it, after
   * which no handler is called.
   */
  async watch(request: IWatchCreateRequest, handlers: EtcdWatchHandlers): Promise<() => void> {
    const stream = await this.#call((etcd) => etcd.watchClient.watch());
    let live = true;
    const finish = (): void => {
      live = false;
      endStream(stream);
    };
    const fail = (error: Error): void => {
      if (!live) return;
      finish();
      handlers.onEnd(etcdFailure(this.endpoints, error));
    };
    stream.on("data", (response) => {
      if (live) handlers.onResponse(response);
    });
    stream.on("error", fail);
    stream.on("end", () => fail(new Error("etcd ended the watch")));
    stream.write({ create_request: request });
    return finish;
  }

  close(): void {
    for (const etcd of this.#etcds) etcd.close();
  }

  async #keepAliveOn(etcd: Etcd3, leaseId: string): Promise<"alive" | "gone"> {
    const stream = await etcd.leaseClient.leaseKeepAlive({
      deadline: this.#clock.now() + ATTEMPT_TIMEOUT_MS,
    });
    try {
      return await new Promise((resolve, reject) => {
        stream.on("data", ({ TTL }) => resolve(Number(TTL) > 0 ? "alive" : "gone"));
        stream.on("error", reject);
        stream.on("end", () => reject(new Error("etcd ended the stream of keepalives")));
        stream.write({ ID: leaseId });
      });
    } finally {
      endStream(stream);
    }
  }

  async #call<T>(run: (etcd: Etcd3) => Promise<T>): Promise<T> {
    try {
      return await withTimeout(this.#clock, CALL_TIMEOUT_MS, this.#tryEach(run), throwTimeout);
    } catch (error) {
      throw error instanceof TroupeError ? error : etcdFailure(this.endpoints, error);
    }
  }

  /**
   * Once more than there are endpoints, because a connection that was good may have died unseen.
   */
  async #tryEach<T>(run: (etcd: Etcd3) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const used = this.#current;
      const etcd = this.#etcds[used];
      if (etcd === undefined) throw new Error("no endpoints");
      try {
        return await run(etcd);
      } catch (error) {
        if (attempt >= this.#etcds.length || !isAwayError(error)) throw error;
        // Another call may have moved on already.
        if (this.#current === used) this.#current = (used + 1) % this.#etcds.length;
      }
    }
  }
}

function throwTimeout(): never {
  throw new Error(`no answer within ${CALL_TIMEOUT_MS} ms`);
}

/**
 * True if the endpoint failed rather than refused. The errors of streams are gRPC's own, which
 * etcd3 sorts only for calls.
 */
function isAwayError(thrown: unknown): boolean {
  return thrown instanceof Error && isRecoverableError(castGrpcError(thrown));
}

async function orGone<T, G>(gone: G, call: Promise<T>): Promise<T | G> {
  try {
    return await call;
  } catch (error) {
    if (isLeaseGone(error)) return gone;
    throw error;
  }
}

/**
 * Ends our side first: etcd3 takes the error of cancelling a stream that can still be written to
 * for a fault of the endpoint, and drops its connections.
 */
function endStream(stream: { end(): void; cancel(): void }): void {
  stream.end();
  stream.cancel();
}

function etcdOptions(
  endpoint: string,
  { clock, tls, username, password }: EtcdClientOptions,
): IOptions {
  const scheme = tls === undefined ? "http" : "https";
  return {
    hosts: endpoint.includes("://") ? endpoint : `${scheme}://${endpoint}`,
    ...(tls === undefined ? {} : { credentials: credentialsOf(tls) }),
    ...(username === undefined ? {} : { auth: { username, password: password ?? "" } }),
    defaultCallOptions: ({ isStream }) =>
      isStream ? {} : { deadline: clock.now() + ATTEMPT_TIMEOUT_MS },
    // The default circuit breaker would keep us away for seconds after etcd is back; trying again
    // is done here (CALL-2).
    faultHandling: { host: () => noop, global: noop },
    grpcOptions: {
      "grpc.keepalive_time_ms": PING_EVERY_MS,
      "grpc.keepalive_timeout_ms": PING_TIMEOUT_MS,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1_000,
    },
  };
}

function credentialsOf({ ca, cert, key }: EtcdTls): NonNullable<IOptions["credentials"]> {
  return {
    rootCertificate: Buffer.from(ca ?? rootCertificates.join("\n")),
    ...(key === undefined ? {} : { privateKey: Buffer.from(key) }),
    ...(cert === undefined ? {} : { certChain: Buffer.from(cert) }),
  };
}

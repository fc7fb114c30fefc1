import { TroupeError, withTimeout, type Clock } from "@troupe/core";
import { handleWhen, noop, retry } from "cockatiel";
import {
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
import { etcdFailure, isCompacted, isLeaseGone } from "./etcd-failure.ts";

/** How long one attempt at a call may take, and all of them together. */
const ATTEMPT_TIMEOUT_MS = 1_500;
const CALL_TIMEOUT_MS = 3_000;

/** etcd ends the connection of a client that pings more often than every 5 s. */
const PING_EVERY_MS = 10_000;
const PING_TIMEOUT_MS = 3_000;

export interface EtcdTls {
  /** Certificates of the authorities that sign the server's, in PEM. Default: those that Node.js knows. */
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
 * E1. Every call settles within about three seconds. What fails because etcd is away rejects with `CLUSTER_UNAVAILABLE`; that a
 *     lease is gone or history was compacted is an answer.
 * E2. A call that failed may have had its effect, and is tried again on another endpoint: all calls made here may run twice.
 */
export class EtcdClient {
  readonly endpoints: string;
  readonly #etcd: Etcd3;
  readonly #clock: Clock;
  readonly #attempts: number;

  constructor(options: EtcdClientOptions) {
    this.endpoints = options.endpoints.join(", ");
    this.#clock = options.clock;
    this.#attempts = 1 + Math.max(1, options.endpoints.length);
    this.#etcd = new Etcd3(etcdOptions(options, this.#attempts));
  }

  range(request: IRangeRequest): Promise<IRangeResponse> {
    return this.#call(() => this.#etcd.kv.range(request));
  }

  /** Undefined if etcd has thrown away what it was at that revision. */
  async rangeAt(revision: number, request: IRangeRequest): Promise<IRangeResponse | undefined> {
    return this.#call(async () => {
      try {
        return await this.#etcd.kv.range({ ...request, revision });
      } catch (error) {
        if (isCompacted(error)) return undefined;
        throw error;
      }
    });
  }

  /** `"lease gone"` if a put names a lease that etcd does not know. */
  async transact(request: ITxnRequest): Promise<ITxnResponse | "lease gone"> {
    return this.#call(() => orGone("lease gone", this.#etcd.kv.txn(request)));
  }

  /** The id of a new lease that lives at least `ttlMs` (etcd counts whole seconds and may have a higher minimum). */
  async grantLease(ttlMs: number): Promise<string> {
    return this.#call(async () => (await this.#etcd.leaseClient.leaseGrant({ TTL: Math.ceil(ttlMs / 1_000) })).ID);
  }

  /** The revision after the lease's keys were deleted. */
  async revokeLease(leaseId: string): Promise<number | "gone"> {
    return this.#call(() =>
      orGone(
        "gone",
        this.#etcd.leaseClient.leaseRevoke({ ID: leaseId }).then(({ header }) => Number(header.revision)),
      ),
    );
  }

  /** Gives the lease its full time again. */
  keepAlive(leaseId: string): Promise<"alive" | "gone"> {
    return this.#call(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#keepAliveOnce(leaseId);
        } catch (error) {
          if (attempt >= this.#attempts) throw error;
        }
      }
    });
  }

  /** Opens a watch; what goes wrong later is told by `onEnd`. The returned function ends it, after which no handler is called. */
  async watch(request: IWatchCreateRequest, handlers: EtcdWatchHandlers): Promise<() => void> {
    const stream = await this.#call(() => this.#etcd.watchClient.watch());
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
    this.#etcd.close();
  }

  async #keepAliveOnce(leaseId: string): Promise<"alive" | "gone"> {
    const stream = await this.#etcd.leaseClient.leaseKeepAlive({ deadline: this.#clock.now() + ATTEMPT_TIMEOUT_MS });
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

  async #call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await withTimeout(this.#clock, CALL_TIMEOUT_MS, run(), throwTimeout);
    } catch (error) {
      throw error instanceof TroupeError ? error : etcdFailure(this.endpoints, error);
    }
  }
}

function throwTimeout(): never {
  throw new Error(`no answer within ${CALL_TIMEOUT_MS} ms`);
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
 * Ends our side first: etcd3 takes the error of cancelling a stream that can still be written to for a fault of the endpoint,
 * and drops its connections.
 */
function endStream(stream: { end(): void; cancel(): void }): void {
  stream.end();
  stream.cancel();
}

function etcdOptions(options: EtcdClientOptions, attempts: number): IOptions {
  const { clock, tls, username, password } = options;
  const scheme = tls === undefined ? "http" : "https";
  return {
    hosts: options.endpoints.map((endpoint) => (endpoint.includes("://") ? endpoint : `${scheme}://${endpoint}`)),
    ...(tls === undefined ? {} : { credentials: credentialsOf(tls) }),
    ...(username === undefined ? {} : { auth: { username, password: password ?? "" } }),
    defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: clock.now() + ATTEMPT_TIMEOUT_MS }),
    // The default circuit breaker would keep us away for seconds after etcd is back.
    faultHandling: { host: () => noop, global: retry(handleWhen(isRecoverableError), { maxAttempts: attempts - 1 }) },
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
    rootCertificate: Buffer.from(ca ?? ""),
    ...(key === undefined ? {} : { privateKey: Buffer.from(key) }),
    ...(cert === undefined ? {} : { certChain: Buffer.from(cert) }),
  };
}

import type { Authentication, Clock, Logger } from "@troupe/core";
import type { LinkLimits } from "./link-limits.ts";
import type { WriteTurns } from "./write-turns.ts";

/** PEM texts. Both sides of a link show their certificate, and both must be signed by `ca`. */
export interface TlsOptions {
  readonly ca: string | Buffer;
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface GrpcTransportOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * What to show and to ask for; it is asked for with each new connection, so that certificates can
   * be renewed while the links that are open stay. Default: none, the links are plain text.
   */
  readonly tls?: () => TlsOptions;
  /** What is asked of others, and proven to them. Default: nothing. */
  readonly authentication?: Authentication;
  readonly limits?: Partial<LinkLimits>;
}

/** The options as the parts of the transport share them. */
export interface TransportSettings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tls: (() => TlsOptions) | undefined;
  readonly authentication: Authentication;
  readonly limits: LinkLimits;
  readonly writeTurns: WriteTurns;
}

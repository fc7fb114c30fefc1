import { TroupeError } from "@troupe/core";
import type { EtcdTls } from "./etcd-client.ts";

/** What a URL says of an etcd; the fields are those of `openEtcdMembership`. */
export interface EtcdAddress {
  readonly endpoints: readonly string[];
  readonly username?: string;
  readonly password?: string;
  readonly tls?: EtcdTls;
}

const FORM = /^(etcds?):\/\/(?:([^/@:]*)(?::([^/@]*))?@)?([^/@]+)\/?$/;

const DEFAULT_PORT = 2379;

/**
 * The address in `etcd://[user:password@]host[:port][,host[:port]…]`, or `etcds://` for TLS with
 * the authorities that Node.js knows. Throws `BAD_CONFIG` if the text is none.
 */
export function parseEtcdUrl(text: string): EtcdAddress {
  const [, scheme, username, password, hosts] = FORM.exec(text) ?? [];
  const endpoints = (hosts ?? "").split(",").map((host) => endpointOf(host));
  if (endpoints.includes(undefined)) {
    throw new TroupeError(
      "BAD_CONFIG",
      `${text.replace(/\/\/.*@/, "//…@")} is no URL of an etcd; write etcd://[user:password@]host:port[,host:port], or etcds:// for TLS`,
    );
  }
  return {
    endpoints: endpoints.filter((endpoint) => endpoint !== undefined),
    ...(username === undefined
      ? {}
      : { username: decoded(username), password: decoded(password ?? "") }),
    ...(scheme === "etcds" ? { tls: {} } : {}),
  };
}

function endpointOf(host: string): string | undefined {
  const url = URL.parse(`http://${host}`);
  if (url === null || host === "" || url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return undefined;
  // A URL forgets the port that its scheme has by default.
  return `${url.hostname}:${url.port !== "" ? url.port : host.endsWith(":80") ? 80 : DEFAULT_PORT}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TroupeError(
      "BAD_CONFIG",
      "the user or password in the URL of etcd has a % without a code; write % as %25",
    );
  }
}

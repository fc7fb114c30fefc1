import type { ParsedUrl } from "@troupe/core";
import type { EtcdTls } from "./etcd-client.ts";

/** What a URL says of an etcd; the fields are those of `openEtcdMembership`. */
export interface EtcdAddress {
  readonly endpoints: readonly string[];
  readonly username?: string;
  readonly password?: string;
  readonly tls?: EtcdTls;
}

const FORM = /^(etcds?):\/\/(?:([^/@:]*)(?::([^/@]*))?@)?([^/@]+)\/?$/i;

const DEFAULT_PORT = 2379;

/**
 * The address in `etcd://[user:password@]host[:port][,host[:port]…]`, or `etcds://` for TLS with
 * the authorities that Node.js knows.
 */
export function parseEtcdUrl(text: string): ParsedUrl<EtcdAddress> {
  const [, scheme, username, password = "", hosts = ""] = FORM.exec(text) ?? [];
  const found = hosts.split(",").map((host) => endpointOf(host));
  const endpoints = found.filter((endpoint) => endpoint !== undefined);
  if (endpoints.length < found.length) {
    return {
      kind: "wrong",
      right:
        'give hosts with their ports, such as "etcd://10.0.0.2:2379,10.0.0.3:2379", or etcds:// for TLS',
    };
  }
  const credentials = username === undefined ? {} : decodedCredentials(username, password);
  if (credentials === undefined)
    return { kind: "wrong", right: "give the user and the password with every % written as %25" };
  const tls = scheme?.toLowerCase() === "etcds" ? { tls: {} } : {};
  return { kind: "location", location: { endpoints, ...credentials, ...tls } };
}

function endpointOf(host: string): string | undefined {
  const url = URL.parse(`http://${host}`);
  if (url === null || host === "" || url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return undefined;
  if (url.port === "0") return undefined;
  // A URL forgets the port that its scheme has by default.
  return `${url.hostname}:${url.port !== "" ? url.port : host.endsWith(":80") ? 80 : DEFAULT_PORT}`;
}

function decodedCredentials(
  username: string,
  password: string,
): Required<Pick<EtcdAddress, "username" | "password">> | undefined {
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return undefined;
  }
}

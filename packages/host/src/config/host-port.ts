import { isIPv4, isIPv6 } from "node:net";

/** Where to listen or to connect. `host` has no brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const PORT_MAX = 65_535;
const HOST_PORT = /^(?:\[([^\]]+)\]|([^\s:[\]/@]+)):(\d{1,5})$/;

/** Reads `host:port` or `[IPv6]:port`; undefined if the text is neither. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, bracketed, plain, digits] = HOST_PORT.exec(text) ?? [];
  const port = Number(digits);
  const host = bracketed ?? plain;
  if (host === undefined || port > PORT_MAX) return undefined;
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  return { host, port };
}

/** The text of an address. A host with colons, as of IPv6, stands in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * True if only this machine can reach the host. A name other than `localhost` may be anything, so
 * it is not.
 */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/**
 * True for the addresses that mean "every interface", which nobody can connect to from elsewhere.
 */
export function isUnspecified(host: string): boolean {
  return host === "0.0.0.0" || (isIPv6(host) && /^[0:]+$/.test(host));
}

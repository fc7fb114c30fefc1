import { type Hello, PROTOCOL_VERSION, type Refusal } from "@troupe/core";

function majorOf(version: string): string {
  return version.split(".", 1)[0] ?? "";
}

/**
 * Why there can be no link with a peer that said this of itself, if its protocol is another one.
 */
export function refuseOtherProtocol(remote: Hello): Refusal | undefined {
  if (majorOf(remote.protocol) === majorOf(PROTOCOL_VERSION)) return undefined;
  const message = `${remote.peerId} speaks protocol ${JSON.stringify(remote.protocol)} and this side ${PROTOCOL_VERSION}; use the same major version of Troupe`;
  return { code: "BAD_CONFIG", message };
}

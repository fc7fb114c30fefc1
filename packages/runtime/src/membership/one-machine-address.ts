import { isIP } from "node:net";

/**
 * True if an address stands for one machine, so that nothing listening there says that the process
 * is gone. A host name may be given to another machine while the one that had it still runs, as
 * when a scheduler starts a process anew that it cannot reach any more.
 */
export function isOfOneMachine(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(":"));
  return host === "localhost" || isIP(host.startsWith("[") ? host.slice(1, -1) : host) !== 0;
}

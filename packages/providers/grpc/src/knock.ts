import { connect, type Socket } from "node:net";
import { messageOf, type Clock } from "@troupe/core";
import type { HostPort } from "./host-port.ts";

/** What a knock at an address found. */
export type Knock =
  | { readonly kind: "open" }
  /** `refused`: every machine that the name stands for said that no process listens there. */
  | { readonly kind: "closed"; readonly refused: boolean; readonly error: Error };

/**
 * Opens a TCP connection and closes it again. gRPC's own errors do not tell a port that refuses
 * from a host that is away, and its channels go on connecting to a silent host for minutes; so
 * nothing is dialled that did not answer a knock.
 */
export function knock(address: HostPort, clock: Clock, timeoutMs: number): Promise<Knock> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: address.host, port: address.port });
    const finish = (result: Knock): void => {
      timer.cancel();
      socket.destroy();
      resolve(result);
    };
    const timer = clock.schedule(timeoutMs, () =>
      finish({
        kind: "closed",
        refused: false,
        error: new Error(`no answer within ${timeoutMs} ms`),
      }),
    );
    socket.once("connect", () => finish({ kind: "open" }));
    socket.on("error", (error) =>
      finish({ kind: "closed", refused: isRefusal(error), error: readable(error) }),
    );
  });
}

function isRefusal(error: Error): boolean {
  if (error instanceof AggregateError)
    return error.errors.length > 0 && error.errors.every(isRefusal);
  return "code" in error && error.code === "ECONNREFUSED";
}

/** Node gives the errors of several addresses without a message of their own. */
function readable(error: Error): Error {
  if (!(error instanceof AggregateError)) return error;
  return new Error(error.errors.map(messageOf).join(", "), { cause: error });
}

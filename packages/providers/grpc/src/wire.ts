import type { ClientDuplexStream, ServerDuplexStream } from "@grpc/grpc-js";

/** One gRPC stream of frames, and what holds it. */
export interface Wire {
  readonly stream: ClientDuplexStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;
  /** The other side's address, for logs. */
  readonly peer: string;
  /** Called once the stream has ended, so that what holds it can go too. */
  release(): void;
  /** Ends the stream now, whatever waits. Harmless if it has ended. */
  abort(): void;
}

/**
 * Calls `ended` once, when the stream can neither give nor take any more. `status` is the last
 * event of a gRPC call at the dialler, `close` at the acceptor; an error may come first, or alone.
 */
export function whenEnded(wire: Wire, ended: (reason: string) => void): void {
  let called = false;
  const end = (reason: string): void => {
    if (called) return;
    called = true;
    ended(reason);
  };
  wire.stream.on("error", (error: Error) => end(error.message));
  wire.stream.on("status", () => end("the stream ended"));
  wire.stream.on("close", () => end("the connection ended"));
}

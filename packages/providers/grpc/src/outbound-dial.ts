import type { Socket } from "node:net";
import { Client, type ClientDuplexStream, credentials, type ChannelOptions } from "@grpc/grpc-js";
import {
  type HandshakeTranscript,
  type Hello,
  type Link,
  type LinkHandlers,
  messageOf,
  type Principal,
  TroupeError,
} from "@troupe/core";
import { decodeFrame, encodeHello, encodeProof } from "./frame.ts";
import { GrpcLink } from "./grpc-link.ts";
import {
  errorOf,
  factsOf,
  newNonce,
  proofIn,
  type SeenCertificate,
  type SeenHello,
  seenCertificate,
  wrongProof,
} from "./handshake.ts";
import { formatHostPort, type HostPort } from "./host-port.ts";
import { keepSocket } from "./kept-socket.ts";
import { knock } from "./knock.ts";
import { FRAME_MAX_BYTES } from "./link-limits.ts";
import { LINK_OPEN } from "./link-service.ts";
import { refuseOtherProtocol } from "./protocol-version.ts";
import type { TransportSettings } from "./transport-options.ts";
import { WireError } from "./wire-format.ts";
import { whenEnded, type Wire } from "./wire.ts";

/** Room for protobuf's own bytes around those of a frame. */
export const FRAME_OVERHEAD_BYTES = 1_024;

/**
 * Bytes that may be under way to the dialler before it answers for them: 1 MiB fills a gigabit line
 * over 8 ms.
 */
const WINDOW_BYTES = 1024 * 1024;

const CHANNEL_OPTIONS: ChannelOptions = {
  // Clients with equal options would share one connection, and a link is a connection of its own.
  "grpc.use_local_subchannel_pool": 1,
  // A link never comes back, and the buffer for retries costs a fifth of the throughput.
  "grpc.enable_retries": 0,
  "grpc.enable_channelz": 0,
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.max_receive_message_length": FRAME_MAX_BYTES + FRAME_OVERHEAD_BYTES,
  "grpc.max_send_message_length": -1,
  "grpc-node.flow_control_window": WINDOW_BYTES,
};

/**
 * Milliseconds that a dial which took all its time may still take to learn whether the port
 * refuses.
 */
const DIAGNOSIS_MIN_MS = 100;

export interface Dial {
  readonly address: HostPort;
  readonly hello: Hello;
  readonly accept: (link: Link) => LinkHandlers;
  readonly settings: TransportSettings;
}

/**
 * Opens a link, or rejects with the refusal's code or with `SILO_LOST` within the dial's timeout.
 */
export async function dialLink(dial: Dial): Promise<GrpcLink> {
  const { clock, limits } = dial.settings;
  const deadline = clock.monotonic() + limits.dialTimeoutMs;
  const found = await knock(dial.address, clock, limits.dialTimeoutMs);
  if (found.kind === "closed")
    throw siloLost(dial, messageOf(found.error), found.refused, found.error);
  try {
    return await openStream(dial, Math.max(1, deadline - clock.monotonic()));
  } catch (error) {
    throw await diagnose(dial, error, Math.max(DIAGNOSIS_MIN_MS, deadline - clock.monotonic()));
  }
}

/**
 * A process that is being killed may still take a connection, and refuse the next one: whoever asks
 * why it failed wants to know.
 */
async function diagnose(dial: Dial, error: unknown, timeoutMs: number): Promise<unknown> {
  if (!(error instanceof TroupeError) || error.code !== "SILO_LOST") return error;
  const found = await knock(dial.address, dial.settings.clock, timeoutMs);
  if (found.kind === "open" || !found.refused) return error;
  return siloLost(dial, messageOf(found.error), true, error);
}

function openStream(dial: Dial, timeoutMs: number): Promise<GrpcLink> {
  const { clock } = dial.settings;
  const wire = openWire(dial);
  return new Promise((resolve, reject) => {
    let settled = false;
    const fail = (error: TroupeError): void => {
      if (settled) return;
      settled = true;
      timer.cancel();
      wire.abort();
      reject(error);
    };
    const timer = clock.schedule(timeoutMs, () =>
      fail(siloLost(dial, "it did not say hello in time", false)),
    );
    whenEnded(wire, (reason) => fail(siloLost(dial, reason, false)));
    const handshake = new OutboundHandshake(dial, wire);
    const next = (): void => {
      wire.stream.once("data", (bytes: Buffer) => {
        if (settled) return;
        try {
          const link = handshake.take(bytes);
          if (link === undefined) return next();
          settled = true;
          timer.cancel();
          resolve(link);
        } catch (error) {
          fail(
            error instanceof TroupeError ? error : siloLost(dial, messageOf(error), false, error),
          );
        }
      });
    };
    next();
    handshake.begin();
  });
}

interface Proving {
  readonly facts: HandshakeTranscript;
  readonly principal: Principal;
}

/** The dialler's side of a handshake; see `handshake.ts`. */
class OutboundHandshake {
  readonly #dial: Dial;
  readonly #wire: OutboundWire;
  readonly #own: SeenHello;
  /** What this side waits for the proof of. */
  #proving: Proving | undefined;

  constructor(dial: Dial, wire: OutboundWire) {
    const { hello, settings } = dial;
    this.#dial = dial;
    this.#wire = wire;
    this.#own = {
      hello,
      nonce: settings.authentication.knows(hello) ? newNonce() : undefined,
    };
  }

  begin(): void {
    this.#wire.stream.write(encodeHello(this.#own.hello, this.#own.nonce));
  }

  /** The link, or undefined if another frame has to come first. Throws what ends the dial. */
  take(bytes: Buffer): GrpcLink | undefined {
    return this.#proving === undefined ? this.#greet(bytes) : this.#verify(bytes, this.#proving);
  }

  #greet(bytes: Buffer): GrpcLink | undefined {
    const frame = decodeFrame(bytes);
    if (frame.kind === "refusal") throw errorOf(frame.refusal);
    if (frame.kind !== "hello") throw new WireError("it began with something else than hello");
    const wrongVersion = refuseOtherProtocol(frame.hello);
    if (wrongVersion !== undefined) throw errorOf(wrongVersion);
    const { authentication } = this.#dial.settings;
    const { channel, names } = this.#wire.certificate();
    const peer = { hasNonce: frame.nonce !== undefined, certificate: names };
    const greeting = authentication.greetListener(this.#own.hello, frame.hello, peer);
    if (greeting.kind === "refuse") throw errorOf(greeting.refusal);
    if (greeting.kind === "open") return this.#open(frame.hello, greeting.principal);
    const facts = factsOf(this.#own, frame, channel);
    if (facts === undefined) throw new WireError("a hello without a nonce");
    this.#proving = { facts, principal: greeting.principal };
    this.#wire.stream.write(encodeProof(authentication.prove("dialler", facts)));
    return undefined;
  }

  #verify(bytes: Buffer, { facts, principal }: Proving): GrpcLink {
    const proof = proofIn(bytes);
    if (!(proof instanceof Uint8Array)) throw errorOf(proof);
    if (!this.#dial.settings.authentication.verify("listener", facts, proof))
      throw errorOf(wrongProof(facts.listener.peerId, facts.dialler));
    return this.#open(facts.listener, principal);
  }

  #open(remote: Hello, principal: Principal): GrpcLink {
    const link = new GrpcLink({
      wire: this.#wire,
      remote,
      principal,
      settings: this.#dial.settings,
    });
    link.start(this.#dial.accept(link));
    return link;
  }
}

interface OutboundWire extends Wire {
  /** What the other side has shown. */
  certificate(): SeenCertificate;
}

function openWire(dial: Dial): OutboundWire {
  const tls = dial.settings.tls?.();
  const address = formatHostPort(dial.address);
  const channelCredentials =
    tls === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(Buffer.from(tls.ca), Buffer.from(tls.key), Buffer.from(tls.cert));
  let socket: Socket | undefined;
  const keepingCredentials = keepSocket(channelCredentials, (connected) => {
    socket = connected;
  });
  const client = new Client(address, keepingCredentials, CHANNEL_OPTIONS);
  const stream: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    LINK_OPEN.path,
    LINK_OPEN.requestSerialize,
    LINK_OPEN.responseDeserialize,
  );
  return {
    stream,
    peer: address,
    certificate: () => seenCertificate(stream.getAuthContext()?.sslPeerCertificate, tls, true),
    release: () => client.close(),
    abort: () => {
      stream.cancel();
      client.close();
      socket?.destroy();
    },
  };
}

function siloLost(dial: Dial, why: string, refused: boolean, cause?: unknown): TroupeError {
  const message = `no link to ${formatHostPort(dial.address)}: ${why}`;
  return new TroupeError("SILO_LOST", message, {
    ran: "no",
    cause: Object.assign(new Error(why, { cause }), { refused }),
  });
}

import {
  type Authentication,
  claimed,
  type Greeting,
  type HandshakeTranscript,
  type Hello,
  NONCE_BYTES,
  type Principal,
  type Refusal,
} from "@troupe/core";
import { randomBytes } from "node:crypto";

/** One side of a link that is about to be. */
export interface HandshakeSide {
  readonly hello: Hello;
  readonly authentication: Authentication;
}

/** Who each side is to the other, or why there is no link. */
export type HandshakeResult =
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | {
      readonly kind: "met";
      /** Who the listener is to the dialler. */
      readonly listener: Principal;
      /** Who the dialler is to the listener. */
      readonly dialler: Principal;
    };

/** The handshake of two sides in one process: what a wire would take several messages for. */
export function shakeHands(dialler: HandshakeSide, listener: HandshakeSide): HandshakeResult {
  const found = listener.authentication.greetDialler(
    dialler.hello,
    dialler.authentication.knows(dialler.hello),
    undefined,
  );
  if (found.kind === "refuse") return refused(found);
  const met = dialler.authentication.greetListener(dialler.hello, listener.hello, {
    hasNonce: found.kind === "prove",
    certificate: undefined,
  });
  if (met.kind === "refuse") return refused(met);
  if (found.kind === "prove" && !haveProven(dialler, listener)) {
    const message = `${dialler.hello.peerId} has not proven the secret of ${claimed(dialler.hello)}; check its token`;
    return { kind: "refused", refusal: { code: "UNAUTHENTICATED", message } };
  }
  return { kind: "met", listener: met.principal, dialler: found.principal };
}

function haveProven(dialler: HandshakeSide, listener: HandshakeSide): boolean {
  const facts: HandshakeTranscript = {
    dialler: dialler.hello,
    listener: listener.hello,
    diallerNonce: randomBytes(NONCE_BYTES),
    listenerNonce: randomBytes(NONCE_BYTES),
    channel: "",
  };
  const [one, other] = [dialler.authentication, listener.authentication];
  return (
    other.verify("dialler", facts, one.prove("dialler", facts)) &&
    one.verify("listener", facts, other.prove("listener", facts))
  );
}

function refused({ refusal }: Extract<Greeting, { kind: "refuse" }>): HandshakeResult {
  return { kind: "refused", refusal };
}

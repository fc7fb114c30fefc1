import { randomBytes, X509Certificate } from "node:crypto";
import type { PeerCertificate } from "node:tls";
import {
  type ClaimedRole,
  claimed,
  type HandshakeTranscript,
  type Hello,
  NONCE_BYTES,
  type Refusal,
  TroupeError,
} from "@troupe/core";
import { type Frame, decodeFrame } from "./frame.ts";
import type { TlsOptions } from "./transport-options.ts";
import { WireError } from "./wire-format.ts";

/**
 * The handshake of a link, for both of its sides: `inbound-handshake.ts` listens,
 * `outbound-dial.ts` dials. What a proof is, and what it is good for, is in `Authentication`.
 *
 *     dialler                         listener
 *     Hello, nonce              ->
 *                               <-    Hello, nonce    (or Hello without one: no secret is asked
 *                               for)
 *     proof                     ->
 *                               <-    proof           (or a Refusal, at each step)
 *
 * HSK-1. A side delivers no envelope, and sends none, before the handshake is over.
 * HSK-2. A dialler of version 1.0 shows no nonce. It is let in only where no secret is asked for.
 * HSK-3. A wrong proof is answered late, and to few at a time, so that guessing is slow.
 */
export interface SeenHello {
  readonly hello: Hello;
  readonly nonce: Uint8Array | undefined;
}

/** The other side as TLS shows it. */
export interface SeenCertificate {
  /** Empty without TLS; the fingerprints of both certificates otherwise. */
  readonly channel: string;
  /** Undefined without TLS. */
  readonly names: readonly string[] | undefined;
}

export const NO_CERTIFICATE: SeenCertificate = { channel: "", names: undefined };

export function newNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES);
}

/** What both sides know when each has read the other's hello. */
export function factsOf(
  dialler: SeenHello,
  listener: SeenHello,
  channel: string,
): HandshakeTranscript | undefined {
  if (dialler.nonce === undefined || listener.nonce === undefined) return undefined;
  return {
    dialler: dialler.hello,
    listener: listener.hello,
    diallerNonce: dialler.nonce,
    listenerNonce: listener.nonce,
    channel,
  };
}

/** The proof in a frame of a handshake. Throws a `WireError` if it is something else. */
export function proofIn(bytes: Buffer): Uint8Array | Refusal {
  const frame: Frame = decodeFrame(bytes);
  if (frame.kind === "refusal") return frame.refusal;
  if (frame.kind === "proof") return frame.proof;
  throw new WireError("it went on with something else than a proof");
}

export function wrongProof(peerId: string, claim: ClaimedRole): Refusal {
  const check =
    claim.name === undefined
      ? "check its token"
      : "check its name, and its token against that of the name in tokens.clients of the silos";
  const message = `${peerId} has not proven the secret of ${claimed(claim)}; ${check}`;
  return { code: "UNAUTHENTICATED", message };
}

export function errorOf({ code, message }: Refusal): TroupeError {
  return new TroupeError(code, message, { ran: "no" });
}

/** What the certificates of both sides say; `dials` is true for the side that has dialled. */
export function seenCertificate(
  peer: PeerCertificate | undefined,
  own: TlsOptions | undefined,
  dials: boolean,
): SeenCertificate {
  if (own === undefined || peer?.raw === undefined) return NO_CERTIFICATE;
  const ours = new X509Certificate(own.cert).fingerprint256;
  const theirs = new X509Certificate(peer.raw).fingerprint256;
  const [dialler, listener] = dials ? [ours, theirs] : [theirs, ours];
  return { channel: `${dialler} ${listener}`, names: namesOf(peer) };
}

/** The subject alternative names of a certificate, or its common name if it has none. */
function namesOf({ subject, subjectaltname }: PeerCertificate): readonly string[] {
  // Node quotes a name that could be read in two ways; such a name gives no role.
  const alternative = (subjectaltname ?? "")
    .split(", ")
    .flatMap((entry) => /^(?:DNS|URI|IP Address|email):([^"]+)$/.exec(entry)?.[1] ?? []);
  if (alternative.length > 0) return alternative;
  const common: unknown = subject?.CN;
  return typeof common === "string" ? [common] : [];
}

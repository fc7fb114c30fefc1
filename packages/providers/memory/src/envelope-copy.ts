import { createValuePacker, type Clock, type Envelope } from "@troupe/core";

const packer = createValuePacker();

/** The bytes of an envelope, with the time that its deadline leaves on the sender's clock. */
export function packEnvelope(envelope: Envelope, clock: Clock): Uint8Array {
  return packer.pack(
    envelope.kind === "request"
      ? { ...envelope, deadline: envelope.deadline - clock.monotonic() }
      : envelope,
  );
}

/** A fresh envelope, with its deadline on the receiver's clock. */
export function unpackEnvelope(bytes: Uint8Array, clock: Clock): Envelope {
  const envelope = packer.unpack(bytes) as Envelope;
  return envelope.kind === "request"
    ? { ...envelope, deadline: envelope.deadline + clock.monotonic() }
    : envelope;
}

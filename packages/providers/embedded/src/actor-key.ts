import type { ActorAddress } from "@troupe/core";

/** Bytes in front of the type and in front of the id: each says how long what follows is. */
const LENGTH_BYTES = 2;

/** Higher than every byte of UTF-8, so it ends a range of keys that go on with text. */
const AFTER_TEXT = Buffer.from([0xff]);

/** A key's address, and where in the key it ended. */
export interface ParsedAddress {
  readonly address: ActorAddress;
  readonly end: number;
}

/**
 * The key of one actor. Both parts say their length first, so no actor's key is the beginning of
 * another's, whatever bytes are in its type and id. Part of the stored format (see
 * `folder-format.ts`).
 */
export function actorKey(address: ActorAddress): Buffer {
  const typeBytes = Buffer.byteLength(address.type);
  const idBytes = Buffer.byteLength(address.id);
  const key = Buffer.allocUnsafe(LENGTH_BYTES + typeBytes + LENGTH_BYTES + idBytes);
  key.writeUInt16BE(typeBytes, 0);
  key.write(address.type, LENGTH_BYTES);
  key.writeUInt16BE(idBytes, LENGTH_BYTES + typeBytes);
  key.write(address.id, LENGTH_BYTES + typeBytes + LENGTH_BYTES);
  return key;
}

/** What the keys of all actors of a type begin with. */
export function typeKey(type: string): Buffer {
  const typeBytes = Buffer.byteLength(type);
  const key = Buffer.allocUnsafe(LENGTH_BYTES + typeBytes);
  key.writeUInt16BE(typeBytes, 0);
  key.write(type, LENGTH_BYTES);
  return key;
}

/** The address whose key starts at `start` of `bytes`. */
export function parseActorKey(bytes: Buffer, start: number): ParsedAddress {
  const typeStart = start + LENGTH_BYTES;
  const typeEnd = typeStart + bytes.readUInt16BE(start);
  const idStart = typeEnd + LENGTH_BYTES;
  const end = idStart + bytes.readUInt16BE(typeEnd);
  return {
    address: {
      type: bytes.toString("utf8", typeStart, typeEnd),
      id: bytes.toString("utf8", idStart, end),
    },
    end,
  };
}

/** The key of one field of an actor. */
export function fieldKey(actor: Buffer, name: string): Buffer {
  return Buffer.concat([actor, Buffer.from(name)]);
}

/**
 * Higher than every key that begins with this one, of an actor, a type or a field, and lower than
 * every other key that follows.
 */
export function fieldsEnd(start: Buffer): Buffer {
  return Buffer.concat([start, AFTER_TEXT]);
}

import type { BrokerMessage } from "@troupe/core";

/** A message with its id in the stream. */
export interface StreamEntry extends BrokerMessage {
  readonly id: string;
}

/** The fields of an entry. Those of the data and of the headers are named as by Dapr. */
export const ENTRY_FIELDS = { data: "data", headers: "metadata", key: "partitionKey" } as const;

/** The entries of one stream that `XREADGROUP` gave. An entry that is gone has no data. */
export function streamEntries(reply: unknown): readonly StreamEntry[] {
  if (!Array.isArray(reply)) return [];
  const [stream] = reply as [[Buffer, [Buffer, Buffer[] | null][]]];
  return stream[1].map(([id, fields]) => ({ id: id.toString(), ...messageFrom(fields ?? []) }));
}

function messageFrom(fields: readonly Buffer[]): BrokerMessage {
  const byName = new Map<string, Buffer>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const value = fields[at + 1];
    if (value !== undefined) byName.set(String(fields[at]), value);
  }
  const { data, headers, key } = ENTRY_FIELDS;
  return {
    key: byName.get(key)?.toString(),
    data: new Uint8Array(byName.get(data) ?? []),
    headers: headersFrom(byName.get(headers)?.toString()),
  };
}

/** Others may have written the entry, so what is no object of texts counts for nothing. */
function headersFrom(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  try {
    const given: unknown = JSON.parse(text);
    if (typeof given !== "object" || given === null) return {};
    return Object.fromEntries(
      Object.entries(given).filter(
        (entry): entry is [string, string] => typeof entry[1] === "string",
      ),
    );
  } catch {
    return {};
  }
}

import type { SourceEvent } from "@troupe/core";
import { jsonValue } from "../blocks/json-text.ts";

/** How the data of events is read. */
export const DATA_FORMS = ["json", "text", "bytes"] as const;

/** `json`: a JSON value. `text`: a text in UTF-8. `bytes`: as it came. */
export type DataForm = (typeof DATA_FORMS)[number];

/** An event that a component brings in. */
export interface TriggerEvent<Data = unknown> {
  /** As the source names it. It stays the same when the event comes again. */
  readonly id: string;
  /** The component that brought it. */
  readonly component: string;
  /** Undefined if the event has none. */
  readonly data: Data;
  /** What the source says besides. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The event as handlers get it. Throws `NOT_SERIALIZABLE` if its data is not of the form. */
export function triggerEvent(component: string, event: SourceEvent, form: DataForm): TriggerEvent {
  const { id, data, metadata } = event;
  return { id, component, data: data && read(data, form), metadata };
}

function read(data: Uint8Array, form: DataForm): unknown {
  if (form === "bytes") return data;
  const text = new TextDecoder().decode(data);
  return form === "text" ? text : jsonValue(text, () => "the data of the event");
}

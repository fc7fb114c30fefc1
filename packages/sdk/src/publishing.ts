import type { Duration } from "@troupe/core";
import { type PartKey, partKey } from "./extension/part-key.ts";

/** A topic, as far as who publishes to it has to know it. `topic()` makes one. */
export interface Publishable<Data = unknown> {
  readonly name: string;
  /** Only for the type checker. */
  readonly data?: Data;
}

/** What a publisher may say of an event. */
export interface PublishOptions {
  /**
   * Events with the same key are handled in order. At most 256 bytes. Default: none, and the event
   * has no order among others.
   */
  readonly key?: string;
  /**
   * Tells the event from others of the same source: the topic stores one of each id, for as long as
   * it keeps that. At most 128 bytes. Default: a new one.
   */
  readonly id?: string;
  /** What has happened. Default: the topic's name. */
  readonly type?: string;
  /** What the event is about. */
  readonly subject?: string;
  /** Default: `application/octet-stream` for bytes, else `application/json`. */
  readonly contentType?: string;
  /**
   * Attributes of the publisher's own. A name has 1 to 20 small letters and digits, and is none of
   * those that CloudEvents define.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** After this time the event is handed to nobody any more. Default: never. */
  readonly ttl?: Duration;
  /**
   * Until then the event is handed to nobody: a date, or milliseconds since the Unix epoch, at most
   * a year ahead. It takes its place in the order of its key at that time, and `ttl` counts from
   * then. Default: at once.
   */
  readonly deliverAt?: Date | number;
}

/** What `this.publish` calls: the extension that brings topics gives it to every actor. */
export interface Publisher {
  /** Publishes with the running turn, and gives the event's id. */
  publish(topic: Publishable | string, data: unknown, options: PublishOptions): string;
}

/** The part of an actor behind `this.publish`. A silo without topics has none: `BAD_CONFIG`. */
export const PUBLISHER: PartKey<Publisher> = partKey("topics");

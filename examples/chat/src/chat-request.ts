import { isPageFile } from "./page-files.ts";
import { Refusal } from "./refusal.ts";
import { whyNotName, whyNotRoom, whyNotText } from "./room-rules.ts";

/** What is asked of the server. */
export type ChatRequest =
  | { readonly kind: "file"; readonly name: string }
  /** Whether somebody may be called so, before they enter. */
  | { readonly kind: "door" }
  | { readonly kind: "say"; readonly room: string }
  | {
      readonly kind: "follow";
      readonly room: string;
      readonly name: string;
      /** The last line that the reader has, if it comes back. */
      readonly after: number | undefined;
    };

/** What somebody wants to say. */
export interface Saying {
  readonly name: string;
  readonly text: string;
  /** Names the saying: sent again under the same key it is not said again. */
  readonly key: string | undefined;
}

/** What of a request's head is looked at. */
export interface RequestHead {
  readonly method: string | undefined;
  readonly url: string | undefined;
  /** `Last-Event-ID`, which a browser sends when it comes back. */
  readonly lastEventId: string | undefined;
}

const ROOM_PATH = /^\/rooms\/([^/]+)(?:\/(door|events|lines))?$/;
const KEY = /^[\w-]{8,64}$/;

/** Throws a `Refusal` for what is not served. */
export function readRequest({ method, url = "/", lastEventId }: RequestHead): ChatRequest {
  const { pathname, searchParams } = urlOf(url);
  const [, room, part] = ROOM_PATH.exec(pathname) ?? [];
  if (room === undefined) {
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    if (!isPageFile(name)) throw new Refusal(404, "there is no such page");
    allow(method, "GET", "HEAD");
    return { kind: "file", name };
  }
  check(whyNotRoom(room));
  if (part === undefined) {
    allow(method, "GET", "HEAD");
    return { kind: "file", name: "index.html" };
  }
  if (part === "lines") {
    allow(method, "POST");
    return { kind: "say", room };
  }
  allow(method, "GET");
  const name = searchParams.get("name") ?? "";
  check(whyNotName(name));
  if (part === "door") return { kind: "door" };
  const after = lastEventId ?? searchParams.get("after") ?? undefined;
  return { kind: "follow", room, name, after: numberOf(after) };
}

/** Throws a `Refusal` for what cannot be said. */
export function readSaying(body: string): Saying {
  const { name, text, key } = objectOf(body);
  check(whyNotName(name) ?? whyNotText(text));
  if (key !== undefined && !(typeof key === "string" && KEY.test(key)))
    throw new Refusal(400, "key has 8 to 64 characters: letters, digits, _ and -");
  return { name: String(name), text: String(text), key };
}

function urlOf(url: string): URL {
  const parsed = URL.parse(url, "http://chat");
  if (parsed === null) throw new Refusal(400, "the request names no path");
  return parsed;
}

function objectOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // It is told below, as any other value that is no object.
  }
  throw new Refusal(400, 'the body is not JSON such as {"name": "Ada", "text": "hello"}');
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new Refusal(400, "the last event is the number of a line");
}

function allow(method: string | undefined, ...methods: readonly string[]): void {
  if (method === undefined || !methods.includes(method))
    throw new Refusal(405, `this path takes ${methods.join(" and ")} only`);
}

function check(reason: string | undefined): void {
  if (reason !== undefined) throw new Refusal(400, reason);
}

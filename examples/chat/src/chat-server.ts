import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { clearInterval, setInterval, setTimeout } from "node:timers";
import { type CallOptions, type Cluster, TroupeError } from "troupe";
import { type ChatRequest, readRequest, readSaying } from "./chat-request.ts";
import { EventStream } from "./event-stream.ts";
import { readPageFiles } from "./page-files.ts";
import { readBody } from "./read-body.ts";
import { Refusal } from "./refusal.ts";
import { type News, Room, RoomFull } from "./room.ts";

/** Readers of this server, over all rooms, unless `streamsMax` says otherwise. */
const STREAMS_MAX = 1_000;

/** Connections beside those of the readers. */
const OTHER_CONNECTIONS_MAX = 200;

/** How long a line may take until the room has stored it; longer than a silo's death is noticed. */
const SAY_TIMEOUT = "15s";

const BEAT_MS = 15_000;

/** How long answers that are under way may take when the server closes. */
const CLOSE_MAX_MS = 2_000;

/** The page needs nothing from elsewhere, and runs nothing that is not its own file. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

export interface ChatServerOptions {
  /** Default: this machine only. */
  readonly host?: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly streamsMax?: number;
}

/**
 * The page, and two ways to the rooms behind it: lines come as server-sent events, and go as POST.
 *
 * CHTTP-1. A reader is sent what its stream of the room gives, in order, each once. It comes back
 *          with the number of the last line that it has, and the stream goes on behind that.
 * CHTTP-2. A line is acknowledged when it is stored.
 */
export class ChatServer implements AsyncDisposable {
  readonly #cluster: Pick<Cluster, "actor">;
  readonly #server: Server;
  readonly #files = readPageFiles();
  readonly #streams = new Set<EventStream>();
  readonly #streamsMax: number;
  readonly #closing = new AbortController();

  /** Resolves when it takes requests. */
  static async start(
    cluster: Pick<Cluster, "actor">,
    { host = "127.0.0.1", port = 0, streamsMax = STREAMS_MAX }: ChatServerOptions = {},
  ): Promise<ChatServer> {
    const chat = new ChatServer(cluster, streamsMax);
    chat.#server.listen(port, host);
    await once(chat.#server, "listening");
    chat.#beginToBeat();
    return chat;
  }

  private constructor(cluster: Pick<Cluster, "actor">, streamsMax: number) {
    this.#cluster = cluster;
    this.#streamsMax = streamsMax;
    this.#server = createServer(
      { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8_192 },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = streamsMax + OTHER_CONNECTIONS_MAX;
  }

  /** `http://127.0.0.1:8080` */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  }

  /** Streams that are open. */
  get readers(): number {
    return this.#streams.size;
  }

  /**
   * Takes no more requests, ends every stream, and resolves when the answers that were under way
   * are sent. Readers come back to whoever listens then.
   */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#closing.abort(new Error("the server closes"));
    this.#server.closeIdleConnections();
    const impatient = setTimeout(() => this.#server.closeAllConnections(), CLOSE_MAX_MS);
    await closed;
    clearTimeout(impatient);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #beginToBeat(): void {
    const beat = setInterval(() => {
      for (const stream of this.#streams) stream.beat();
    }, BEAT_MS);
    this.#server.once("close", () => clearInterval(beat));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A connection that breaks is told by "close"; nobody has to do anything about it.
    response.on("error", () => undefined);
    try {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
      await this.#answer(request, response);
    } catch (error) {
      refuse(response, error);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url } = request;
    const lastEventId = request.headers["last-event-id"]?.toString();
    const asked = readRequest({ method, url, lastEventId });
    switch (asked.kind) {
      case "file": {
        const { type, content } = this.#files.get(asked.name) ?? { type: "", content: "" };
        response.writeHead(200, { "content-type": type, "cache-control": "no-cache" });
        response.end(content);
        return;
      }
      case "door":
        return sendJson(response, 200, {});
      case "say":
        return this.#say(asked.room, request, response);
      case "follow":
        return this.#follow(asked, response);
    }
  }

  async #say(room: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { name, text, key } = readSaying(await readBody(request));
    // Under its key the call can be repeated, by the sender and by the cluster's client.
    const options: CallOptions = { timeout: SAY_TIMEOUT, idempotencyKey: key ?? randomUUID() };
    const number = await this.#cluster.actor(Room, room, options).say(name, text);
    sendJson(response, 201, { number });
  }

  async #follow(
    { room, name, after }: Extract<ChatRequest, { kind: "follow" }>,
    response: ServerResponse,
  ): Promise<void> {
    if (this.#streams.size >= this.#streamsMax)
      throw new Refusal(503, `this server has ${this.#streamsMax} readers, and takes no more`, 5);
    const stream = new EventStream(response);
    this.#streams.add(stream);
    try {
      const left = new AbortController();
      response.once("close", () => left.abort(new Error("the reader has gone")));
      const signal = AbortSignal.any([left.signal, this.#closing.signal]);
      // Who comes back gets what follows on the last item that was read.
      const resume = (last?: News): readonly unknown[] => argumentsOf(name, last?.number ?? after);
      const events = this.#cluster
        .actor(Room, room, { signal, resume })
        .follow(...argumentsOf(name, after));
      for await (const news of events) {
        if (!response.headersSent) stream.begin();
        await stream.tell(news);
      }
    } finally {
      this.#streams.delete(stream);
    }
    response.end();
  }
}

function argumentsOf(name: string, after: number | undefined): [string, number?] {
  return after === undefined ? [name] : [name, after];
}

/** Says why there is no answer; of a stream that has begun, by its end. */
function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  const { status, message, retryAfter } = refusalOf(error);
  if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
  // What is left of a body that was too long is not read.
  if (status === 413) response.setHeader("connection", "close");
  sendJson(response, status, { error: message });
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof RangeError) return new Refusal(400, error.message);
  if (error instanceof RoomFull) return new Refusal(503, error.message, 5);
  if (error instanceof TroupeError)
    return new Refusal(503, `the rooms cannot be reached just now (${error.code})`, 1);
  process.stderr.write(
    `a request failed: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return new Refusal(500, "something went wrong here");
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(value));
}

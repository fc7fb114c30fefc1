import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ADMIN_LINK, type Administered } from "@troupe/client";
import { type Clock, messageOf, systemClock, TroupeError } from "@troupe/core";
import { type HealthResponse, SILO_ADMIN } from "@troupe/sdk";
import type { Telemetry } from "./open-telemetry.ts";

/** Probes come from a few places, each again and again. */
const CONNECTIONS_MAX = 100;

/** A probe sends a line and some headers. */
const REQUEST_MS = 5_000;

/** The stores are tried once in this time, however many ask. */
const TRIED_FOR_MS = 1_000;

/** A silo, as its health is seen. */
export interface ProbedSilo extends Administered {
  readonly siloId: string;
  snapshot(): { readonly state: string; readonly serving: boolean };
  readonly stopped: Promise<void>;
}

/** The options of `serveHealth`. */
export interface HealthOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /**
   * What it listens on. The pages ask nobody who they are, so beyond this machine use a network
   * that only those who probe can reach. Default: `"127.0.0.1"`.
   */
  readonly host?: string;
  /** For `/metrics`. Default: there is none. */
  readonly telemetry?: Telemetry;
}

/** The pages of a silo's health. Closing it twice is harmless. */
export interface HealthServer extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:9464`. */
  readonly url: string;
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Serves what an orchestrator and Prometheus ask of a silo.
 *
 * - `/livez`: 200 while the process turns and the silo has not stopped.
 * - `/readyz`: 200 while the silo is active, is sure of its lease, and its stores answer; 503 with
 *   the reason from the moment it drains.
 * - `/startupz`: 200, because it is served once the silo has started.
 * - `/metrics`: the numbers of the process, if `telemetry` is given.
 *
 * Rejects with `BAD_CONFIG` if it cannot listen there.
 */
export async function serveHealth(silo: ProbedSilo, options: HealthOptions): Promise<HealthServer> {
  const pages = new HealthPages(silo, options.telemetry, systemClock);
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS });
  server.maxConnections = CONNECTIONS_MAX;
  server.on("request", (request, response) => void answer(pages, request, response));
  const { host = "127.0.0.1", port } = options;
  try {
    await listen(server, host, port);
  } catch (error) {
    const message = `health: cannot listen on ${host}:${port} (${messageOf(error)}); choose another port`;
    throw new TroupeError("BAD_CONFIG", message, { cause: error });
  }
  const bound = server.address() as AddressInfo;
  const shown = bound.address.includes(":") ? `[${bound.address}]` : bound.address;
  const close = (): Promise<void> => closed(server);
  return { url: `http://${shown}:${bound.port}`, close, [Symbol.asyncDispose]: close };
}

class HealthPages {
  readonly #silo: ProbedSilo;
  readonly #telemetry: Telemetry | undefined;
  readonly #clock: Clock;
  #hasStopped = false;
  #tried: { readonly at: number; readonly health: Promise<HealthResponse> } | undefined;

  constructor(silo: ProbedSilo, telemetry: Telemetry | undefined, clock: Clock) {
    this.#silo = silo;
    this.#telemetry = telemetry;
    this.#clock = clock;
    const stopped = (): void => void (this.#hasStopped = true);
    silo.stopped.then(stopped, stopped);
  }

  async page(path: string): Promise<Page> {
    switch (path) {
      case "/livez":
        return this.#hasStopped ? problems(["the silo has stopped"]) : OK;
      case "/startupz":
        return OK;
      case "/readyz":
        return this.#readiness();
      case "/metrics":
        if (this.#telemetry === undefined) break;
        return { status: 200, type: PROMETHEUS, body: this.#telemetry.prometheusPage() };
    }
    const known = this.#telemetry === undefined ? "" : ", /metrics";
    return text(404, `there are /livez, /readyz, /startupz${known}`);
  }

  async #readiness(): Promise<Page> {
    if (this.#hasStopped) return problems(["the silo has stopped"]);
    const { state, serving } = this.#silo.snapshot();
    if (state !== "active") return problems([`the silo is ${state}`]);
    if (!serving) return problems(["the silo is not sure of its lease"]);
    const { membershipError, stateError, remindersError } = await this.#health();
    const found = Object.entries({ membershipError, stateError, remindersError });
    const wrong = found.filter(([, reason]) => reason !== "");
    if (wrong.length === 0) return OK;
    return problems(wrong.map(([name, reason]) => `${name.replace("Error", "")}: ${reason}`));
  }

  #health(): Promise<HealthResponse> {
    const now = this.#clock.monotonic();
    if (this.#tried === undefined || now - this.#tried.at >= TRIED_FOR_MS) {
      const response = this.#silo[ADMIN_LINK].askSilo(
        this.#silo.siloId,
        SILO_ADMIN.health.name,
        {},
      );
      const health = response.then((given) =>
        SILO_ADMIN.health.response.read(given, "health of this silo"),
      );
      this.#tried = { at: now, health };
    }
    return this.#tried.health;
  }
}

const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
const OK: Page = text(200, "ok");

function problems(found: readonly string[]): Page {
  return text(503, found.join("\n"));
}

function text(status: number, body: string): Page {
  return { status, type: "text/plain; charset=utf-8", body: `${body}\n` };
}

async function answer(
  pages: HealthPages,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, type, body } = await pageFor(pages, request);
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    ...(status === 405 ? { allow: "GET, HEAD" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function pageFor(pages: HealthPages, { method, url = "/" }: IncomingMessage): Promise<Page> {
  if (method !== "GET" && method !== "HEAD") return text(405, "only GET and HEAD");
  try {
    return await pages.page(url.split("?", 1)[0] ?? url);
  } catch (error) {
    return problems([messageOf(error)]);
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

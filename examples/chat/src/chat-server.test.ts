import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realTime, waitUntil } from "@troupe/testkit";
import { connect, type Silo, silentLogger, startSilo } from "troupe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChatServer, type ChatServerOptions } from "./chat-server.ts";
import { BODY_MAX_BYTES } from "./read-body.ts";
import { parseEvents, type ServerEvent } from "./parse-events.ts";
import { Room } from "./room.ts";

let folder: string;
let silo: Silo;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "troupe-chat-test-"));
  silo = await startSilo({
    cluster: "chat",
    actors: [Room],
    listen: "127.0.0.1:0",
    membership: `file:${folder}`,
    logger: silentLogger,
  });
});
afterAll(async () => {
  await silo[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function start(options?: ChatServerOptions): Promise<ChatServer> {
  return ChatServer.start(silo, options);
}

async function post(url: string, body: unknown, type = "application/json"): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(url, { method: "POST", headers: { "content-type": type }, body: text });
}

async function errorOf(response: Response): Promise<string> {
  return ((await response.json()) as { readonly error: string }).error;
}

async function refused(response: Promise<Response>): Promise<[number, string]> {
  const answer = await response;
  return [answer.status, await errorOf(answer)];
}

/** Opens a stream of events and gives what comes. */
async function open(url: string, lastEventId?: string): Promise<AsyncGenerator<ServerEvent>> {
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const response = await fetch(url, { headers });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch("text/event-stream");
  if (response.body === null) throw new Error("there is no body");
  return parseEvents(response.body.pipeThrough(new TextDecoderStream()));
}

async function nextOf(events: AsyncGenerator<ServerEvent>, kind: string): Promise<ServerEvent> {
  for (;;) {
    const { value } = await events.next();
    if (value === undefined) throw new Error("the stream has ended");
    if (value.event === kind) return value;
  }
}

async function untilPresent(
  events: AsyncGenerator<ServerEvent>,
  ...names: string[]
): Promise<void> {
  for (;;) {
    const { data } = await nextOf(events, "present");
    if ((JSON.parse(data) as { names: string[] }).names.join() === names.join()) return;
  }
}

describe("the chat's server", () => {
  it("gives the page and its parts, which may load nothing from elsewhere", async () => {
    await using server = await start();
    for (const [path, type] of [
      ["/", "text/html; charset=utf-8"],
      ["/rooms/lobby", "text/html; charset=utf-8"],
      ["/page.css", "text/css; charset=utf-8"],
      ["/page.js", "text/javascript; charset=utf-8"],
      ["/elements.js", "text/javascript; charset=utf-8"],
      ["/icon.svg", "image/svg+xml"],
    ] as const) {
      const response = await fetch(server.url + path);
      expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
      expect(response.headers.get("content-security-policy")).toMatch("default-src 'none'");
      expect((await response.text()).length).toBeGreaterThan(100);
    }
  });

  it("tells a reader what is said, and goes on behind the last event that it had", async () => {
    await using server = await start();
    const room = `${server.url}/rooms/first`;
    const events = await open(`${room}/events?name=Grace`);
    expect(JSON.parse((await nextOf(events, "present")).data)).toMatchObject({ names: ["Grace"] });
    const text = "<b>one</b> & two";
    const answer = await post(`${room}/lines`, { name: "Ada", text });
    expect([answer.status, await answer.json()]).toEqual([201, { number: 1 }]);
    const line = await nextOf(events, "line");
    expect(line.id).toBe("1");
    expect(JSON.parse(line.data)).toMatchObject({ number: 1, name: "Ada", text });
    await events.return(undefined);
    await post(`${room}/lines`, { name: "Ada", text: "three" });
    const again = await open(`${room}/events?name=Grace`, line.id);
    expect(JSON.parse((await nextOf(again, "line")).data)).toMatchObject({ text: "three" });
    await again.return(undefined);
  });

  it("says a line once that is sent again under its key", async () => {
    await using server = await start();
    const lines = `${server.url}/rooms/second/lines`;
    const saying = { name: "Ada", text: "once", key: "a-key-of-its-own" };
    for (let time = 0; time < 2; time++)
      expect(await (await post(lines, saying)).json()).toEqual({ number: 1 });
    expect(await silo.actor(Room, "second").read()).toHaveLength(1);
  });

  it("takes somebody out of the room whose connection ends", async () => {
    await using server = await start();
    const room = `${server.url}/rooms/third`;
    const stays = await open(`${room}/events?name=Ada`);
    const goes = await open(`${room}/events?name=Grace`);
    await untilPresent(goes, "Ada", "Grace");
    expect(server.readers).toBe(2);
    await goes.return(undefined);
    await untilPresent(stays, "Ada");
    await waitUntil(realTime, "the server has one reader", () => server.readers === 1);
    await stays.return(undefined);
  });

  it("refuses what it does not take, and says why", async () => {
    await using server = await start();
    const lines = `${server.url}/rooms/fourth/lines`;
    const saying = { name: "Ada", text: "hello" };
    expect(await refused(fetch(`${server.url}/elsewhere`))).toEqual([404, "there is no such page"]);
    expect(await refused(fetch(`${server.url}/rooms/No!/events`))).toEqual([
      400,
      expect.stringMatching("a room's name"),
    ]);
    expect(await refused(post(lines, { ...saying, text: "x".repeat(501) }))).toEqual([
      400,
      expect.stringMatching("at most 500"),
    ]);
    expect(await refused(post(lines, saying, "text/plain"))).toEqual([
      415,
      "send the body as application/json",
    ]);
    expect(await refused(post(lines, "x".repeat(BODY_MAX_BYTES + 1)))).toEqual([
      413,
      "a body has at most 8192 bytes",
    ]);
    expect(await silo.actor(Room, "fourth").read()).toEqual([]);
  });

  it("takes the longest line, however it is written", async () => {
    await using server = await start();
    const text = "\\u20ac".repeat(500);
    const body = `{"name":"Ada","text":"${text}","key":"${"k".repeat(64)}"}`;
    expect((await post(`${server.url}/rooms/fifth/lines`, body)).status).toBe(201);
  });

  it("takes no more readers than it may have", async () => {
    await using server = await start({ streamsMax: 1 });
    const url = `${server.url}/rooms/sixth/events?name=Ada`;
    const events = await open(url);
    await nextOf(events, "present");
    const response = await fetch(url);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await errorOf(response)).toMatch("this server has 1 readers");
    await events.return(undefined);
  });

  it("answers 503 while the rooms cannot be reached, and not what is inside", async () => {
    const cluster = await connect({ cluster: "chat", membership: `file:${folder}` });
    await using server = await ChatServer.start(cluster);
    await cluster.close();
    const response = await post(`${server.url}/rooms/lobby/lines`, { name: "Ada", text: "hello" });
    expect(response.status).toBe(503);
    expect(await errorOf(response)).toMatch(/^the rooms cannot be reached just now \([A-Z_]+\)$/);
  });

  it("closes with readers connected, ends their streams, and takes no more", async () => {
    const server = await start();
    const { url } = server;
    const events = await open(`${url}/rooms/seventh/events?name=Ada`);
    await nextOf(events, "present");
    await server.close();
    await server.close();
    // The stream has ended, and its connection with it.
    expect((await Array.fromAsync(events)).every(({ event }) => event === "present")).toBe(true);
    await expect(fetch(url)).rejects.toThrow("fetch failed");
    expect(server.readers).toBe(0);
  });
});

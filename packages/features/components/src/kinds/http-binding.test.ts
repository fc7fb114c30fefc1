import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bindingSuite } from "@troupe/conformance";
import { systemClock } from "@troupe/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HttpBinding, type HttpBindingOptions, httpBindingType } from "./http-binding.ts";

/** A service that sends back what it gets, or does what the path says. */
async function startService(): Promise<Server> {
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return server;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://service");
  if (pathname === "/api/hangs") return;
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const status = pathname.startsWith("/api/status/") ? Number(pathname.split("/")[3]) : 200;
  response.writeHead(status, {
    "x-method": request.method,
    "x-path": request.url,
    "x-token": request.headers["x-token"] ?? "",
    "x-type": request.headers["content-type"] ?? "",
  });
  response.end(Buffer.concat(parts));
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}

function open(server: Server, options: Partial<HttpBindingOptions> = {}): HttpBinding {
  return new HttpBinding({
    url: urlOf(server),
    responseTimeoutMs: 0,
    isErrorUnless2xx: true,
    responseMaxBytes: 1_000_000,
    token: undefined,
    clock: systemClock,
    ...options,
  });
}

function ask(operation: string, path: string, text?: string) {
  const data = text === undefined ? undefined : new TextEncoder().encode(text);
  return { operation, data, metadata: { path } };
}

bindingSuite({
  name: "bindings.http",
  open: async () => {
    const server = await startService();
    return {
      openHandle: async () => ({
        component: open(server),
        echo: (text: string) => [ask("post", "echo", text)],
        refused: [ask("get", "status/404"), ask("create", "status/500", "x")],
        wrong: [ask("get", "../other"), { ...ask("get", ""), metadata: { "X-Bad": "a\nb" } }],
        unanswered: ask("get", "hangs"),
        away: async () => {
          await stop(server);
          return ask("get", "echo");
        },
      }),
      dispose: () => stop(server),
    };
  },
});

describe("bindings.http", () => {
  const { signal } = new AbortController();
  let server: Server;

  beforeEach(async () => {
    server = await startService();
  });
  afterEach(() => stop(server));

  it("sends methods, paths, headers and the token as Dapr does", async () => {
    const binding = open(server, { token: { header: "X-Token", value: "hush" } });
    for (const [operation, method] of [
      ["create", "POST"],
      ["get", "GET"],
      ["put", "PUT"],
      ["patch", "PATCH"],
      ["delete", "DELETE"],
    ] as const) {
      const { metadata } = await binding.invoke({
        ...ask(operation, "/orders?id=1"),
        signal,
      });
      expect(metadata).toMatchObject({
        "x-method": method,
        "x-path": "/api/orders?id=1",
        "x-token": "hush",
        statusCode: "200",
        status: "200 OK",
      });
    }
    const { metadata } = await binding.invoke({
      operation: "post",
      data: new Uint8Array(1),
      metadata: { "Content-Type": "image/png", ignored: "x" },
      signal,
    });
    expect(metadata["x-type"]).toBe("image/png");
  });

  it("gives another status as an answer if it is told to", async () => {
    const asked = ask("get", "status/404");
    const metadata = { ...asked.metadata, errorIfNot2XX: "false" };
    const answer = await open(server).invoke({ ...asked, metadata, signal });
    expect(answer.metadata.statusCode).toBe("404");
    const lenient = open(server, { isErrorUnless2xx: false });
    expect((await lenient.invoke({ ...asked, signal })).metadata.statusCode).toBe("404");
  });

  it("says what a service refused, and whether to ask again", async () => {
    const binding = open(server);
    await expect(binding.invoke({ ...ask("get", "status/503"), signal })).rejects.toMatchObject({
      retryable: true,
    });
    const asked = ask("get", "status/404?secret=x");
    await expect(binding.invoke({ ...asked, signal })).rejects.toMatchObject({
      retryable: false,
      message: expect.stringMatching(/GET http:\S+\/api\/status\/404 was answered with 404 Not/),
    });
  });

  it("bounds an answer in time and in size", async () => {
    const small = open(server, { responseMaxBytes: 10 });
    await expect(small.invoke({ ...ask("post", "echo", "x".repeat(11)), signal })).rejects.toThrow(
      /more than 10 bytes/,
    );
    const quick = open(server, { responseTimeoutMs: 50 });
    await expect(quick.invoke({ ...ask("get", "hangs"), signal })).rejects.toThrow(
      /no answer within 50 ms \(responseTimeout\)/,
    );
  });

  it("refuses a URL of another kind, and half of a token", async () => {
    const settings = {
      responseTimeout: 0,
      errorIfNot2XX: true,
      maxResponseBodySize: 1,
      url: "http://h",
    };
    const context = {} as Parameters<typeof httpBindingType.open>[1];
    for (const wrong of [{ url: "ftp://h" }, { url: "h" }, { securityToken: "hush" }])
      await expect(httpBindingType.open({ ...settings, ...wrong }, context)).rejects.toMatchObject({
        code: "BAD_CONFIG",
        message: expect.not.stringContaining("hush"),
      });
  });
});

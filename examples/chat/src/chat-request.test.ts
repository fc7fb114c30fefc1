import { describe, expect, it } from "vitest";
import { type ChatRequest, readRequest, readSaying } from "./chat-request.ts";
import { Refusal } from "./refusal.ts";

function read(method: string, url: string, lastEventId?: string): ChatRequest {
  return readRequest({ method, url, lastEventId });
}

/** The status with which it is refused, and why. */
function refusalOf(work: () => unknown): [number, string] {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return [error.status, error.message];
    throw error;
  }
  throw new Error("it was not refused");
}

function saying(key: unknown): string {
  return JSON.stringify({ name: "Ada", text: "hello", key });
}

describe("a request", () => {
  it("asks for the page, also by the name of a room", () => {
    for (const url of ["/", "/?x=1", "/rooms/lobby"])
      expect(read("GET", url)).toEqual({ kind: "file", name: "index.html" });
    expect(read("HEAD", "/page.js")).toEqual({ kind: "file", name: "page.js" });
  });

  it("follows a room, from the beginning or behind the last event", () => {
    const lobby = { kind: "follow", room: "lobby", name: "Ada Lovelace" };
    const url = "/rooms/lobby/events?name=Ada+Lovelace";
    expect(read("GET", url)).toEqual({ ...lobby, after: undefined });
    expect(read("GET", `${url}&after=7`)).toEqual({ ...lobby, after: 7 });
    expect(read("GET", `${url}&after=7`, "9")).toEqual({ ...lobby, after: 9 });
    expect(read("GET", url, "0")).toEqual({ ...lobby, after: 0 });
  });

  it("says something, or asks whether a name will do", () => {
    expect(read("POST", "/rooms/room-7/lines")).toEqual({ kind: "say", room: "room-7" });
    expect(read("GET", "/rooms/room-7/door?name=Ada")).toEqual({ kind: "door" });
  });

  it("is refused with what is wrong with it", () => {
    expect(refusalOf(() => read("GET", "/../etc/passwd"))[0]).toBe(404);
    expect(refusalOf(() => read("GET", "/rooms/lobby/lines/1"))[0]).toBe(404);
    expect(refusalOf(() => read("GET", "//"))[0]).toBe(400);
    expect(refusalOf(() => read("DELETE", "/"))).toEqual([
      405,
      "this path takes GET and HEAD only",
    ]);
    expect(refusalOf(() => read("GET", "/rooms/lobby/lines"))[0]).toBe(405);
    expect(refusalOf(() => read("GET", "/rooms/LOBBY"))[1]).toMatch("a room's name");
    expect(refusalOf(() => read("GET", "/rooms/lobby/events"))[1]).toMatch("say who you are");
    expect(refusalOf(() => read("GET", "/rooms/lobby/door?name=%3Cb%3E"))[0]).toBe(400);
    const url = "/rooms/lobby/events?name=Ada";
    for (const last of ["-1", "x", "1.5", "9".repeat(20)])
      expect(refusalOf(() => read("GET", url, last))[1]).toMatch("the number of a line");
  });
});

describe("a saying", () => {
  it("has a name, a text, and a key if it may be repeated", () => {
    expect(readSaying('{"name":"Ada","text":"hello","key":"12345678"}')).toEqual({
      name: "Ada",
      text: "hello",
      key: "12345678",
    });
    expect(readSaying('{"name":"Ada","text":"hello"}').key).toBeUndefined();
  });

  it("is refused if it is none", () => {
    for (const body of ["", "{", "null", "7", '"text"'])
      expect(refusalOf(() => readSaying(body))[1]).toMatch("the body is not JSON such as");
    expect(refusalOf(() => readSaying("[]"))[1]).toMatch("say who you are");
    expect(refusalOf(() => readSaying('{"name":"Ada"}'))[1]).toMatch("empty");
    for (const key of ["short", "with space", 12_345_678, "x".repeat(65)])
      expect(refusalOf(() => readSaying(saying(key)))).toEqual([400, expect.stringMatching("key")]);
  });
});

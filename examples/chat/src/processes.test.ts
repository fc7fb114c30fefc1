import { realTime, waitUntil } from "@troupe/testkit";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { LocalChat } from "./local-chat.ts";
import { RoomReader } from "./room-reader.ts";
import { sayLine } from "./say-line.ts";
import { isWhole, tallyOf } from "./tally.ts";

/** Processes take long to start where many do so. */
const TIMEOUT_MS = 120_000;

let chat: LocalChat;
let url: string;

beforeEach(async () => {
  chat = new LocalChat();
  await Promise.all([chat.startSilo(), chat.startSilo(), chat.startSilo()]);
  url = `${await chat.startHttp()}/rooms/lobby`;
}, TIMEOUT_MS);
afterEach(() => {
  chat.end();
});

it(
  "lets every reader hear every line once and in order while the silo of the room is killed",
  async () => {
    const readers = ["Ada", "Grace", "Edsger"].map((name) => new RoomReader(url, name));
    for (const reader of readers) reader.enter();
    await waitUntil(realTime, "all readers are in the room", () =>
      readers.every(({ present }) => present.length === readers.length),
    );
    const said: number[] = [];
    const { signal } = new AbortController();
    const talk = async (name: string): Promise<void> => {
      for (let line = 1; line <= 30; line++) {
        said.push(await sayLine(url, { name, text: `line ${line}` }, signal));
        if (said.length === 20) {
          readers[0]?.cut();
          await chat.killSiloOf("lobby");
        }
      }
    };
    await Promise.all([talk("Radia"), talk("Barbara")]);
    expect(new Set(said).size).toBe(60);
    await waitUntil(realTime, "all is heard", () =>
      readers.every(({ heard }) => heard.length >= 60),
    );
    for (const { heard, missed } of readers) {
      const tally = tallyOf(
        said,
        heard.map(({ number }) => number),
      );
      expect([isWhole(tally), missed, tally]).toEqual([true, 0, tally]);
      // Of each writer the lines are in the order in which they were said.
      expect(heard.filter(({ name }) => name === "Radia").map(({ text }) => text)).toEqual(
        Array.from({ length: 30 }, (_, index) => `line ${index + 1}`),
      );
    }
    await waitUntil(realTime, "all readers are in the room again", () =>
      readers.every(({ present }) => present.join() === "Ada,Edsger,Grace"),
    );
    await readers[0]?.leave();
    await waitUntil(
      realTime,
      "one reader has left",
      () => readers[1]?.present.join() === "Edsger,Grace",
    );
    await Promise.all(readers.map((reader) => reader.leave()));
  },
  TIMEOUT_MS,
);

it(
  "ends in order with SIGTERM while readers are connected",
  async () => {
    const reader = new RoomReader(url, "Ada");
    reader.enter();
    await waitUntil(realTime, "the reader is in the room", () => reader.present.length === 1);
    expect(await chat.stop()).toBe(0);
    await reader.leave();
  },
  TIMEOUT_MS,
);

it(
  "says at once that another program has the port",
  async () => {
    const other = new LocalChat({ port: Number(new URL(url).port) });
    onTestFinished(() => other.end());
    await other.startSilo();
    await expect(other.startHttp()).rejects.toThrow(/before it was ready:.*EADDRINUSE/s);
  },
  TIMEOUT_MS,
);

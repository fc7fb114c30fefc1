import { expect, it } from "vitest";
import { formatEvent } from "./event-stream.ts";
import { parseEvents, type ServerEvent } from "./parse-events.ts";

async function parse(...chunks: string[]): Promise<ServerEvent[]> {
  async function* text(): AsyncGenerator<string> {
    yield* chunks;
  }
  return Array.fromAsync(parseEvents(text()));
}

const LINE = { kind: "line", number: 7, at: 1_000, name: "Ada", text: "a\n\nb: <c>" } as const;

it("reads what the server writes, wherever it is cut", async () => {
  const { kind, ...data } = LINE;
  const text = `retry: 500\n\n:\n\n${formatEvent(LINE)}:\n\n`;
  for (let cut = 0; cut <= text.length; cut++) {
    const [event, ...others] = await parse(text.slice(0, cut), text.slice(cut));
    expect(others).toEqual([]);
    expect(event).toMatchObject({ id: "7", event: kind });
    expect(JSON.parse(event?.data ?? "")).toEqual(data);
  }
});

it("leaves out an event that was cut off", async () => {
  expect(await parse(formatEvent(LINE), formatEvent(LINE).slice(0, -1))).toHaveLength(1);
});

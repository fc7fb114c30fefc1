import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { Progress } from "./progress.ts";

function output(isTTY: boolean): {
  readonly isTTY: boolean;
  readonly said: string[];
  write(text: string): void;
} {
  const said: string[] = [];
  return { isTTY, said, write: (text) => void said.push(text) };
}

describe("progress", () => {
  it("is one line of a terminal, shown now and then, and taken away at the end", async () => {
    const terminal = output(true);
    const clock = new VirtualClock();
    await clock.advance(1_000);
    const progress = new Progress(terminal, clock);
    for (let at = 0; at < 500; at++) {
      progress.show(() => `${at} actors`);
      // oxlint-disable-next-line no-await-in-loop -- time passes between two steps.
      await clock.advance(1);
    }
    progress.end();
    progress.end();
    const shown = ["0 actors", "200 actors", "400 actors", ""];
    expect(terminal.said).toEqual(shown.map((text) => `\r\u001B[K${text}`));
  });

  it("says nothing into a file", () => {
    const file = output(false);
    const progress = new Progress(file, new VirtualClock());
    progress.show(() => "1 actor");
    progress.end();
    expect(file.said).toEqual([]);
  });
});

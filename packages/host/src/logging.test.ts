import { expect, it } from "vitest";
import { createLogger, type LoggingOptions, wantsColours } from "./logging.ts";

function logged(options: Partial<LoggingOptions>): {
  readonly log: ReturnType<typeof createLogger>;
  readonly lines: string[];
} {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  return { log: createLogger({ level: "info", format: "json", stream, ...options }), lines };
}

it("writes one line of JSON, with the level by name", () => {
  const { log, lines } = logged({});
  log.child({ siloId: "a" }).info({ members: 3 }, "joined");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ level: "info", siloId: "a", members: 3, msg: "joined" }),
  ]);
});

it("writes nothing below its level", () => {
  const { log, lines } = logged({ level: "warn" });
  log.info({}, "joined");
  expect(lines).toEqual([]);
});

it("never writes a token or the credentials of a URL, wherever they stand", () => {
  const { log, lines } = logged({ secrets: ["swordfish"] });
  const cause = new Error("connect redis://me:hunter22@h:6379");
  log
    .child({ token: "swordfish", store: "etcd://me:hunter22@h:1" })
    .warn({ err: new Error("no swordfish", { cause }) }, "at redis://me:hunter22@h");
  log.error({ options: { nested: [{ password: "hunter22" }] } }, "token swordfish refused");
  expect(lines).toHaveLength(2);
  expect(lines.join("")).not.toMatch(/swordfish|hunter22/);
  expect(lines[0]).toContain("connect redis://***@h:6379");
});

it("colours lines on a terminal and where it is asked to, and never where it is asked not to", () => {
  expect(wantsColours({}, true)).toBe(true);
  expect(wantsColours({}, false)).toBe(false);
  expect(wantsColours({ FORCE_COLOR: "1" }, false)).toBe(true);
  expect(wantsColours({ FORCE_COLOR: "0" }, true)).toBe(false);
  expect(wantsColours({ NO_COLOR: "1", FORCE_COLOR: "1" }, true)).toBe(false);
});

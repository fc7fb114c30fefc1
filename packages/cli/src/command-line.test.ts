import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandFolder, runHere } from "./testing/command-folder.ts";

describe("troupe", () => {
  const folder = commandFolder();

  it("explains itself and each command", async () => {
    for (const command of [
      "dev",
      "silo",
      "call",
      "status",
      "actors",
      "reminders",
      "letters",
      "destroy",
      "export",
      "import",
      "drain",
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- what they print is told apart by time.
      const { code, out, err } = await runHere([command, "--help"]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain(`Usage: troupe ${command}`);
    }
    expect(await folder.run(["--help"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("Usage: troupe"),
      err: "",
    });
  });

  it("ends with 2 on a wrong command, option, argument or setting, and says what is wrong", async () => {
    const cases: [string[], RegExp][] = [
      [["sillo"], /unknown command 'sillo'/],
      [["silo"], /missing required argument 'module'/],
      [["silo", "counter.ts", "--listne", "x"], /unknown option '--listne'/],
      [["dev", "nowhere.ts"], /<module> nowhere\.ts is not there/],
      [["call", "Counter/a", "add", "five"], /a string needs its quotes: '"five"'/],
      [["call", "Counter", "add"], /write Type\/id/],
      [["reminders", "Counter"], /write Type\/id/],
      [["actors", "Counter", "a"], /troupe actors show Type\/id/],
      [["actors", "show", "Counter"], /write Type\/id/],
      [["letters", "Counter/a", "--resend", "x"], /Give the number of a letter, or "all"/],
      [["letters", "--resend", "all"], /--resend needs the actor/],
      [["drain", "s", "--timeout", "soon"], /timeout \(--timeout\) "soon": give/],
      [["status", "--membership", "memory:x"], /seen by one process only/],
    ];
    for (const [args, message] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- what they print is told apart by time.
      expect(await runHere(args), args.join(" ")).toMatchObject({
        code: 2,
        out: "",
        err: expect.stringMatching(message),
      });
    }
    expect(await folder.run(["silo", "counter.ts", "--listen", "7100"])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(/listen \(--listen\) "7100": give host:port/),
    });
  });

  it("ends with 2 when a module cannot be loaded, exports no actor, or one that cannot work", async () => {
    folder.write("broken.ts", "export const x: number = ;");
    folder.write("empty.js", "export const x = 1;");
    folder.write(
      "undefined.ts",
      'import { Actor } from "troupe";\nexport class Lonely extends Actor {}\n',
    );
    const [broken, empty, lonely] = await Promise.all(
      ["broken.ts", "empty.js", "undefined.ts"].map((module) => folder.run(["silo", module])),
    );
    expect(broken).toMatchObject({ code: 2, err: expect.stringContaining("broken.ts") });
    expect(empty).toMatchObject({
      code: 2,
      err: expect.stringContaining("exports no actor type"),
    });
    expect(lonely).toMatchObject({ code: 2, err: expect.stringContaining("[BAD_DEFINITION]") });
  });

  it("ends with 1 when there never was a silo, and makes no folder by looking", async () => {
    for (const args of [
      ["call", "Counter/a", "add", "1"],
      ["status"],
      ["actors"],
      ["drain", "s"],
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- what they print is told apart by time.
      expect(await folder.ask(...args)).toMatchObject({
        code: 1,
        err: expect.stringContaining("has never had a silo"),
      });
    }
    expect(existsSync(join(folder.path, ".troupe"))).toBe(false);
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NAME_MAX, ROOM_MAX, TEXT_MAX, whyNotName, whyNotRoom, whyNotText } from "./room-rules.ts";

describe("the rules of a room", () => {
  it("let a room be called by small letters, digits and single dashes", () => {
    for (const room of ["lobby", "a", "7", "room-7", "x".repeat(ROOM_MAX)])
      expect(whyNotRoom(room)).toBeUndefined();
    for (const room of [
      "",
      "Lobby",
      "-a",
      "a-",
      "a--b",
      "a b",
      "../x",
      "x".repeat(ROOM_MAX + 1),
      7,
    ])
      expect(whyNotRoom(room)).toMatch("a room's name has 1 to 40 characters");
  });

  it("let people be called as they are, in any script", () => {
    for (const name of ["Ada", "Jean-Luc", "O'Neill", "O’Neill", "Đặng Thị", "李小龙", "R2.", "م"])
      expect(whyNotName(name)).toBeUndefined();
  });

  it("refuse names that are empty, too long, or look like something else", () => {
    expect(whyNotName("")).toMatch("missing");
    expect(whyNotName(undefined)).toMatch("missing");
    expect(whyNotName("x".repeat(NAME_MAX + 1))).toMatch("at most 32");
    for (const name of [" Ada", "Ada ", "<b>", "a\u202Eb", "a\nb", "a\u0000", "\uD800"])
      expect(whyNotName(name)).toMatch("made of letters");
  });

  it("let anything be said on one line", () => {
    for (const text of ["hello", "<b>&", "👩‍🚀 to the moon", "שלום", "x".repeat(TEXT_MAX)])
      expect(whyNotText(text)).toBeUndefined();
  });

  it("refuse lines that are empty, too long, or have unseen characters", () => {
    expect(whyNotText(" ")).toMatch("empty");
    expect(whyNotText(7)).toMatch("empty");
    expect(whyNotText("x".repeat(TEXT_MAX + 1))).toMatch(
      "at most 500 characters, and this has 501",
    );
    expect(whyNotText("a\uD800")).toMatch("half a character");
    for (const text of ["a\nb", "a\u0007", "a\u202Eb", "a\u2028b"])
      expect(whyNotText(text)).toMatch("no line breaks");
  });

  it("are those that the page's fields have", () => {
    const page = readFileSync(new URL("../page/index.html", import.meta.url), "utf8");
    const maxOf = (id: string): number =>
      Number(new RegExp(`id="${id}"[^>]*maxlength="(\\d+)"`).exec(page)?.[1]);
    expect([maxOf("name"), maxOf("room"), maxOf("text")]).toEqual([NAME_MAX, ROOM_MAX, TEXT_MAX]);
  });
});

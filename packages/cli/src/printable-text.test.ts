import { describe, expect, it } from "vitest";
import { printableLine, printableText } from "./printable-text.ts";

describe("printable text", () => {
  it("shows what would steer a terminal, and keeps line breaks and tabs", () => {
    expect(printableText("a\u001b[2Jb\u009bc\r\n\td")).toBe(
      String.raw`a\u001b[2Jb\u009bc\u000d` + "\n\td",
    );
    expect(printableText("grüße 🎭")).toBe("grüße 🎭");
  });

  it("stays on one line where it has to", () => {
    expect(printableLine("a\nb\tc")).toBe(String.raw`a\u000ab\u0009c`);
  });
});

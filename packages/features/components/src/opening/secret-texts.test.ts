import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SecretTexts } from "./secret-texts.ts";

const PEM = "-----BEGIN KEY-----\nMIIBVgIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n";

function hiding(...texts: readonly string[]): SecretTexts {
  const secrets = new SecretTexts();
  for (const text of texts) secrets.add(text);
  return secrets;
}

describe("SecretTexts", () => {
  it("hides secrets, the longest first, and credentials in URLs", () => {
    const secrets = hiding("hush", "hush-hush", "");
    expect(secrets.hide("say hush-hush or hush at http://me:pw@host/x")).toBe(
      "say *** or *** at http://***@host/x",
    );
    expect(hiding().hide("nothing to hide")).toBe("nothing to hide");
  });

  it.each(["a/b c&d", 'with "quotes"', "with 'quotes' and \\", "two\nlines", "ä€😀"])(
    "finds %j however it is written",
    (secret) => {
      const secrets = hiding(secret);
      for (const text of [
        secret,
        JSON.stringify({ password: secret }),
        inspect(secret),
        `redis://h?password=${encodeURIComponent(secret)}`,
      ])
        expect(secrets.hide(text)).toContain("***");
    },
  );

  it("keeps an error only if there is no secret anywhere in it", () => {
    const harmless = Object.assign(new Error("no route"), { host: "h" });
    expect(hiding("hush").clean(harmless)).toBe(harmless);
    const guilty = [
      new Error("hush"),
      new Error("no", { cause: new Error("hush") }),
      Object.assign(new Error("no"), { options: { tls: { key: PEM } } }),
      Object.assign(new Error("no"), { list: [[["hush"]]] }),
    ];
    for (const error of guilty) {
      const cleaned = hiding("hush", PEM).clean(error);
      expect(cleaned).not.toBe(error);
      expect(inspect(cleaned, { depth: 10 })).not.toMatch(/hush|MIIB/);
    }
  });

  it("leaves no secret in any text", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 4 }),
        fc.string(),
        fc.string(),
        (secret, before, after) => {
          fc.pre(!"***".includes(secret) && !secret.includes("*"));
          expect(hiding(secret).hide(before + secret + after)).not.toContain(secret);
        },
      ),
    );
  });
});

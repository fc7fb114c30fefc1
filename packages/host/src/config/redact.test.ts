import { expect, it } from "vitest";
import { redactText, redactValue } from "./redact.ts";

it("hides the credentials of every URL in a text", () => {
  expect(redactText("from redis://me:pass@h:1/0 to etcd://root@h:2")).toBe(
    "from redis://***@h:1/0 to etcd://***@h:2",
  );
});

it("hides a password whose characters were not encoded, and leaves paths with an @ as they are", () => {
  expect(redactText("at postgres://me:p/a@s?s@h/db, twice")).toBe("at postgres://***@h/db, twice");
  expect(redactText("file:///app/node_modules/@scope/package/index.js:1:2")).toBe(
    "file:///app/node_modules/@scope/package/index.js:1:2",
  );
});

it("hides the given secrets wherever they stand", () => {
  expect(redactText("token swordfish refused", ["swordfish", ""])).toBe("token *** refused");
});

it("hides values under telling names at every depth, in arrays and in errors", () => {
  const cause = Object.assign(new Error("to redis://me:pass@h"), { password: "pass" });
  const logged = redactValue(
    { a: [{ b: { apiToken: "x", kept: 1 } }], err: new Error("swordfish", { cause }) },
    ["swordfish"],
  );
  const text = JSON.stringify(logged);
  expect(text).not.toMatch(/pass@|"pass"|swordfish|"x"/);
  expect(logged).toMatchObject({
    a: [{ b: { apiToken: "***", kept: 1 } }],
    err: { message: "***", cause: { password: "***" } },
  });
});

it("ends at cycles and at depths that nobody reads", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  expect(JSON.stringify(redactValue(cycle, []))).toContain("…");
});

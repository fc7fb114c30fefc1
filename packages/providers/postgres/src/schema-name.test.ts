import { expect, it } from "vitest";
import { quoted, schemaOf } from "./schema-name.ts";

it("gives each cluster a schema of its own, that PostgreSQL does not cut off", () => {
  const long = "c".repeat(62);
  const clusters = ["bank", "Bank", "ba.nk", "ba:nk", 'ba"nk', long, `${long}d`, "日本".repeat(30)];
  const schemas = clusters.map((cluster) => schemaOf(cluster));
  expect(new Set(schemas).size).toBe(clusters.length);
  for (const schema of schemas) expect(Buffer.byteLength(schema)).toBeLessThanOrEqual(63);
  expect(schemas[0]).toBe("troupe_bank");
  expect(schemas[5]).toBe("troupe-ccccccc-e5fe685a3bf03764605819c0b72f33f1");
});

it("quotes a name so that it cannot end its quotes", () => {
  expect(quoted('a"; DROP TABLE b; --')).toBe('"a""; DROP TABLE b; --"');
});

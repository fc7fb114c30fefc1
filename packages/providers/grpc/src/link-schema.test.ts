import { fileURLToPath } from "node:url";
import { fromJSON, loadSync } from "@grpc/proto-loader";
import { expect, it } from "vitest";
import { LINK_SCHEMA } from "./link-schema.ts";
import { linkMethodOf, SCHEMA_OPTIONS } from "./link-service.ts";

const PROTO = fileURLToPath(new URL("../../../../proto/troupe/link.proto", import.meta.url));

it("has the messages of link.proto in the code as the file describes them", () => {
  const inFile = loadSync(PROTO, SCHEMA_OPTIONS);
  const inCode = fromJSON(LINK_SCHEMA, SCHEMA_OPTIONS);
  expect(Object.keys(inCode)).toEqual(Object.keys(inFile));
  const names = Object.keys(inFile).filter((name) => name !== "troupe.v1.Link");
  for (const name of names) expect(inCode[name]?.type).toEqual(inFile[name]?.type);
  expect(linkMethodOf(inCode).path).toBe(linkMethodOf(inFile).path);
});

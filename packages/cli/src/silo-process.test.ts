import { expect, it } from "vitest";
import { addressOfPlace, variablesOf } from "./silo-process.ts";

it("hands flags on as variables", () => {
  const flags = {
    cluster: "bank",
    tlsCa: "ca.pem",
    allowInsecure: true,
    silos: 3,
    token: undefined,
  };
  expect(variablesOf(flags)).toEqual({
    TROUPE_CLUSTER: "bank",
    TROUPE_TLS_CA: "ca.pem",
    TROUPE_ALLOW_INSECURE: "true",
  });
});

it("gives each place the next port, unless any free one is wanted", () => {
  expect(addressOfPlace("10.0.0.5:7100", 2)).toBe("10.0.0.5:7102");
  expect(addressOfPlace("[::1]:7100", 1)).toBe("[::1]:7101");
  expect(addressOfPlace("127.0.0.1:0", 2)).toBe("127.0.0.1:0");
});

import { AWKWARD_IDS } from "@troupe/conformance";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkActorId, formatAddress, parseAddress } from "./actor-address.ts";
import { TroupeError } from "./errors.ts";
import { ACTOR_ID_MAX_BYTES } from "./limits.ts";

describe("addresses as text", () => {
  it("come back from their text, whatever the id", () => {
    const type = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("/"));
    fc.assert(
      fc.property(type, fc.string({ unit: "binary", minLength: 1 }), (name, id) => {
        expect(parseAddress(formatAddress({ type: name, id }))).toEqual({ type: name, id });
      }),
    );
  });

  it.each(["", "Account", "/alice", "Account/", "/"])("are not made of %j", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe("checkActorId", () => {
  it.each(AWKWARD_IDS)("takes %j", (id) => {
    expect(() => checkActorId("Account", id)).not.toThrow();
  });

  it.each([
    ["", "empty"],
    [undefined, "not undefined"],
    [null, "not null"],
    [7, "not number"],
    ["x".repeat(ACTOR_ID_MAX_BYTES + 1), "1025 bytes"],
    ["é".repeat(ACTOR_ID_MAX_BYTES / 2) + "x", "1025 bytes"],
    ["a\ud800", "unpaired surrogate"],
    ["\udc00".repeat(400), "1200 bytes"],
  ])("refuses %j and says why", (id, why) => {
    const check = (): void => checkActorId("Account", id);
    expect(check).toThrow(TroupeError);
    expect(check).toThrow(/^\[BAD_ACTOR_ID\] the id of a Account /);
    expect(check).toThrow(why);
  });
});

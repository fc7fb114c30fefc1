import { describe, expect, it } from "vitest";
import { EVEN_PLACEMENT, isSamePlacement, readAdverts } from "./type-advert.ts";

const advert = {
  version: 2,
  digest: "d",
  placement: { labels: { gpu: "true" }, separator: "/" },
};

describe("the adverts of a member", () => {
  it("come back from JSON as they were", () => {
    const even = { version: 1, digest: "e", placement: EVEN_PLACEMENT };
    const written: unknown = JSON.parse(JSON.stringify({ Account: advert, Cart: even }));
    expect(readAdverts(written)).toEqual({ Account: advert, Cart: even });
  });

  it("are read from a silo that says the digest alone", () => {
    expect(readAdverts({ Account: "d" })).toEqual({
      Account: { version: 1, digest: "d", placement: EVEN_PLACEMENT },
    });
  });

  it("are read with what silos say of their types besides", () => {
    const full = { ...advert, reentrancy: "chain" };
    const offering = { ...full, offers: ["version 1", "version 2"] };
    expect(readAdverts({ Account: offering })).toEqual({ Account: offering });
    expect(readAdverts({ Account: { ...full, offers: "all" } })).toEqual({ Account: full });
  });

  it.each([
    undefined,
    null,
    5,
    { Account: 5 },
    { Account: { ...advert, version: "2" } },
    { Account: { ...advert, digest: undefined } },
    { Account: { ...advert, placement: undefined } },
    { Account: { ...advert, placement: { labels: { gpu: 1 } } } },
    { Account: { ...advert, placement: { labels: {}, separator: 1 } } },
  ])("are refused if they are %j", (given) => {
    expect(readAdverts(given)).toBeUndefined();
  });
});

describe("two placements", () => {
  it.each([
    [EVEN_PLACEMENT, EVEN_PLACEMENT, true],
    [advert.placement, { labels: { gpu: "true" }, separator: "/" }, true],
    [advert.placement, { labels: { gpu: "true" }, separator: ":" }, false],
    [advert.placement, { labels: {}, separator: "/" }, false],
    [advert.placement, { labels: { gpu: "true", zone: "a" }, separator: "/" }, false],
    [advert.placement, { labels: { gpu: "false" }, separator: "/" }, false],
  ])("%j and %j are the same: %s", (one, other, same) => {
    expect(isSamePlacement(one, other)).toBe(same);
    expect(isSamePlacement(other, one)).toBe(same);
  });
});

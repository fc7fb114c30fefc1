import { describe, expect, it } from "vitest";
import { readMember, storedMember } from "./stored-member.ts";
import type { Member } from "./member.ts";
import { EVEN_PLACEMENT } from "./type-advert.ts";

const member: Member = {
  siloId: "s",
  address: "10.0.0.5:7100",
  state: "active",
  types: {
    Account: { version: 2, digest: "a", placement: EVEN_PLACEMENT, reentrancy: "chain" },
    Model: {
      version: 1,
      digest: "m",
      placement: { labels: { gpu: "true" }, separator: "/" },
    },
  },
  version: "0.1.0",
  labels: { zone: "a" },
  capacity: 2,
  since: 7,
};

function stored(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}

describe("the record of a member", () => {
  it("comes back from JSON as the member that it was", () => {
    expect(readMember(stored(storedMember(member)))).toEqual(member);
  });

  it("has the digests where silos of the first versions look for them", () => {
    expect(stored(storedMember(member)).types).toEqual({ Account: "a", Model: "m" });
  });

  it("is read from silos of the first versions, which write digests alone", () => {
    const { capacity: _, since: __, ...first } = stored(member);
    expect(readMember({ ...first, types: { Account: "a" } })).toMatchObject({
      siloId: "s",
      types: { Account: { version: 1, digest: "a", placement: EVEN_PLACEMENT } },
    });
  });

  it("is read also with whole adverts in the place of digests", () => {
    expect(readMember(stored(member))).toEqual(member);
  });

  it.each([
    undefined,
    null,
    "text",
    [],
    { ...member, siloId: 5 },
    { ...member, state: "gone" },
    { ...member, types: { Account: 5 } },
    { ...member, labels: { zone: 5 } },
    { ...member, capacity: 0 },
    { ...member, since: "7" },
  ])("is refused if it is %j", (given) => {
    expect(readMember(given)).toBeUndefined();
  });
});

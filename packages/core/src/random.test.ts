import { seededRandom } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { randomId, systemRandom } from "./random.ts";

describe("randomId", () => {
  it("has the length that was asked for and letters and digits only", () => {
    const random = seededRandom(1);
    expect(randomId(random)).toMatch(/^[0-9a-z]{13}$/);
    expect(randomId(random, 40)).toMatch(/^[0-9a-z]{40}$/);
    expect(randomId(systemRandom)).toMatch(/^[0-9a-z]{13}$/);
  });

  it("takes the first and the last letter at the ends of chance", () => {
    expect(randomId({ next: () => 0 }, 2)).toBe("00");
    expect(randomId({ next: () => 1 - 2 ** -53 }, 2)).toBe("zz");
  });
});

import type { RequestEnvelope } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { ownRequest } from "../activation/own-request.ts";
import { RefusedCalls } from "./refused-calls.ts";

function call(callId: number, id = "alice"): RequestEnvelope {
  return ownRequest({ type: "Account", id, method: "deposit", callId, deadline: 1e9 });
}

describe("refused calls", () => {
  it("hold up later calls of their caller to their actor until they come back", () => {
    const refused = new RefusedCalls();
    refused.add("silo-1", call(2), 0);
    expect(refused.isBehind("silo-1", call(3), 10)).toBe(true);
    expect(refused.isBehind("silo-1", call(1), 10)).toBe(false);
    expect(refused.isBehind("silo-1", call(3, "bob"), 10)).toBe(false);
    expect(refused.isBehind("silo-2", call(3), 10)).toBe(false);
    expect(refused.isBehind("silo-1", call(2), 20)).toBe(false);
    expect(refused.isBehind("silo-1", call(3), 30)).toBe(false);
    expect(refused.isEmpty(30)).toBe(true);
  });

  it("hold up nobody for long if they never come back", () => {
    const refused = new RefusedCalls();
    refused.add("silo-1", call(2), 0);
    expect(refused.isBehind("silo-1", call(3), 999)).toBe(true);
    expect(refused.isBehind("silo-1", call(3), 1_000)).toBe(false);
    expect(refused.isEmpty(1_000)).toBe(true);
  });

  it("are forgotten all at once when the last of them is too old", () => {
    const refused = new RefusedCalls();
    refused.add("silo-1", call(2), 0);
    refused.add("silo-2", call(2), 500);
    expect(refused.isEmpty(1_400)).toBe(false);
    expect(refused.isEmpty(1_500)).toBe(true);
  });
});

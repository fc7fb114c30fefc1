import { describe, expect, it } from "vitest";
import { activationPage, type ListedActivation } from "./activation-page.ts";

function active(...addresses: string[]): ListedActivation[] {
  return addresses.map((address) => {
    const [type = "", id = ""] = address.split("/");
    return { address: { type, id }, state: "active", waiting: 0 };
  });
}

function idsOf(page: ReturnType<typeof activationPage>): string[] {
  return page.activations.map(({ type, id }) => `${type}/${id}`);
}

describe("a page of activations", () => {
  it("lists them by type and id, of all types or of one", () => {
    const all = active("B/2", "A/3", "B/1", "A/1");
    const request = { type: "", pageSize: 0, cursor: "" };
    expect(idsOf(activationPage(all, request))).toEqual(["A/1", "A/3", "B/1", "B/2"]);
    expect(idsOf(activationPage(all, { ...request, type: "B" }))).toEqual(["B/1", "B/2"]);
    expect(activationPage(all, request).next).toBe("");
  });

  it("lists each once that stays, whatever comes and goes between pages", () => {
    const first = activationPage(active("A/4", "A/2", "A/1", "A/3", "A/5"), {
      type: "",
      pageSize: 2,
      cursor: "",
    });
    expect(idsOf(first)).toEqual(["A/1", "A/2"]);
    const rest = active("A/5", "A/0", "A/3", "A/4", "A/1");
    const second = activationPage(rest, { type: "", pageSize: 2, cursor: first.next });
    expect(idsOf(second)).toEqual(["A/3", "A/4"]);
    const third = activationPage(rest, { type: "", pageSize: 2, cursor: second.next });
    expect({ ids: idsOf(third), next: third.next }).toEqual({ ids: ["A/5"], next: "" });
  });

  it("says that there is no other page when the last one is just full", () => {
    const page = activationPage(active("A/2", "A/1"), { type: "", pageSize: 2, cursor: "" });
    expect(page.next).toBe("");
  });

  it("refuses a page that is too long", () => {
    expect(() => activationPage([], { type: "", pageSize: 1_001, cursor: "" })).toThrow(
      "give at most 1000",
    );
  });
});

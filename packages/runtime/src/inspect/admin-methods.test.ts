import { type Logger, silentLogger } from "@troupe/core";
import { type AdminCaller, type AdminMethod, adminMethod, message, text } from "@troupe/sdk";
import { describe, expect, it } from "vitest";
import { AdminMethods } from "./admin-methods.ts";

const operator: AdminCaller = { peerId: "client-1", role: "operator", name: "client-1" };

const greeting = message("Greeting", { name: text });
const greet = adminMethod(
  { name: "greet", role: "operator", request: greeting, response: greeting },
  ({ name }, { siloId, caller }) => ({ name: `${name} of ${siloId} for ${caller.peerId}` }),
);

function withRole(role: AdminMethod["role"]): AdminMethod {
  return { name: `for-${role}`, role, parse: () => undefined, answer: () => "answered" };
}

describe("admin methods", () => {
  it("answer what was parsed, and know who asks", async () => {
    const methods = new AdminMethods("s1", [greet], silentLogger);
    expect(await methods.answer("greet", [{ name: "you" }], operator)).toEqual({
      name: "you of s1 for client-1",
    });
  });

  it("refuse a wrong request before they answer (ADM-1)", async () => {
    const methods = new AdminMethods("s1", [greet], silentLogger);
    await expect(methods.answer("greet", [{ name: 5 }], operator)).rejects.toThrow(
      "[BAD_CONFIG] greet.name is 5; give a text",
    );
  });

  it("refuse a caller whose role is too low (ADM-2)", async () => {
    const methods = new AdminMethods(
      "s1",
      (["client", "operator", "silo"] as const).map(withRole),
      silentLogger,
    );
    const ask = (role: AdminCaller["role"], needed: AdminMethod["role"]): Promise<unknown> =>
      methods.answer(`for-${needed}`, [], { peerId: "p", role, name: "x" });
    expect(await ask("client", "client")).toBe("answered");
    await expect(ask("client", "operator")).rejects.toThrow("is for operators, and p is a client");
    await expect(ask("client", "silo")).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await ask("operator", "client")).toBe("answered");
    expect(await ask("operator", "operator")).toBe("answered");
    await expect(ask("operator", "silo")).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await ask("silo", "silo")).toBe("answered");
  });

  it("log a refusal once for each caller and method", async () => {
    const said: object[] = [];
    const logger = { ...silentLogger, warn: (facts: object) => void said.push(facts) } as Logger;
    const methods = new AdminMethods("s1", [withRole("operator"), withRole("silo")], logger);
    for (const name of ["for-operator", "for-silo", "for-operator"])
      await methods
        .answer(name, [], { peerId: "p", role: "client", name: "x" })
        .catch(() => undefined);
    expect(said).toEqual([
      { caller: "p", role: "client", method: "for-operator" },
      { caller: "p", role: "client", method: "for-silo" },
    ]);
  });

  it("list what there is for a name that nobody knows, and allow a name once", async () => {
    await expect(
      new AdminMethods("s1", [greet], silentLogger).answer("gret", [], operator),
    ).rejects.toThrow("[NO_SUCH_METHOD] silo s1 has no admin method gret; it has greet");
    expect(() => new AdminMethods("s1", [greet, greet], silentLogger)).toThrow(
      "two admin methods have the name",
    );
  });
});

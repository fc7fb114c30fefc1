import { describe, expect, it } from "vitest";
import {
  Authentication,
  type HandshakeTranscript,
  NONCE_BYTES,
  secretsOf,
} from "./authentication.ts";
import type { Role } from "./principal.ts";
import type { Hello } from "./transport.ts";

const SECRETS = { silo: "silo secret", client: "client secret", operator: "operator secret" };
const CLUSTER = new Authentication({ cluster: "bank", secrets: SECRETS });

function helloOf(peerId: string, role: Role, cluster = "bank"): Hello {
  return { protocol: "1.1", cluster, role, peerId };
}

function factsOf(fields: Partial<HandshakeTranscript> = {}): HandshakeTranscript {
  return {
    dialler: helloOf("a", "silo"),
    listener: helloOf("b", "silo"),
    diallerNonce: new Uint8Array(NONCE_BYTES).fill(1),
    listenerNonce: new Uint8Array(NONCE_BYTES).fill(2),
    channel: "",
    ...fields,
  };
}

describe("a proof", () => {
  it("is accepted by whoever knows the secret of the role, from the side that made it", () => {
    const facts = factsOf();
    expect(CLUSTER.verify("dialler", facts, CLUSTER.prove("dialler", facts))).toBe(true);
    expect(CLUSTER.verify("listener", facts, CLUSTER.prove("dialler", facts))).toBe(false);
  });

  const facts = factsOf();
  it.each<[string, HandshakeTranscript]>([
    ["another dialler", factsOf({ dialler: helloOf("c", "silo") })],
    ["another listener", factsOf({ listener: helloOf("c", "silo") })],
    ["another role", factsOf({ dialler: helloOf("a", "client") })],
    ["another cluster", factsOf({ dialler: helloOf("a", "silo", "shop") })],
    ["another handshake of the dialler", factsOf({ diallerNonce: new Uint8Array(NONCE_BYTES) })],
    ["another handshake of the listener", factsOf({ listenerNonce: new Uint8Array(NONCE_BYTES) })],
    ["another channel", factsOf({ channel: "AA BB" })],
  ])("is good for nothing else: %s", (_, other) => {
    expect(CLUSTER.verify("dialler", other, CLUSTER.prove("dialler", facts))).toBe(false);
  });

  it("of another secret or another length is none", () => {
    const stranger = new Authentication({ cluster: "bank", secrets: secretsOf("another secret") });
    expect(CLUSTER.verify("dialler", facts, stranger.prove("dialler", facts))).toBe(false);
    expect(CLUSTER.verify("dialler", facts, new Uint8Array(0))).toBe(false);
  });

  it("of a client without a name is what it was before there were names", () => {
    const proof = CLUSTER.prove("dialler", factsOf({ dialler: helloOf("a", "client") }));
    expect(Buffer.from(proof).toString("hex")).toBe(
      "184574f2ed5990232935a16cab0648f6d8b216044667d940835394628ee65407",
    );
  });

  it("of a role cannot be made with the secret of another", () => {
    const client = new Authentication({ cluster: "bank", secrets: { client: SECRETS.client } });
    expect(client.knows({ role: "silo" })).toBe(false);
    expect(() => client.prove("dialler", facts)).toThrow("is not known");
  });
});

describe("a listener", () => {
  it("asks for the proof of the role's secret", () => {
    expect(CLUSTER.greetDialler(helloOf("c", "client"), true, undefined)).toEqual({
      kind: "prove",
      principal: { role: "client", name: "client-c" },
    });
  });

  const clientOnly = new Authentication({ cluster: "bank", secrets: { client: SECRETS.client } });
  it.each([
    {
      what: "no proof",
      greeting: CLUSTER.greetDialler(helloOf("c", "client"), false, undefined),
      why: "give it tokens.client or token",
    },
    {
      what: "a role without a secret",
      greeting: clientOnly.greetDialler(helloOf("c", "operator"), true, undefined),
      why: "set tokens.operator on the silos",
    },
    {
      what: "another cluster",
      greeting: CLUSTER.greetDialler(helloOf("c", "client", "shop"), true, undefined),
      why: "not shop",
    },
  ])("refuses $what, and says what would be right", ({ greeting, why }) => {
    expect(greeting).toMatchObject({
      kind: "refuse",
      refusal: { message: expect.stringContaining(why) },
    });
  });

  it("lets only those take a role without a secret who know the silos' secret", () => {
    const siloOnly = new Authentication({ cluster: "bank", secrets: { silo: SECRETS.silo } });
    const facts = factsOf({ dialler: helloOf("a", "operator") });
    expect(siloOnly.verify("dialler", facts, siloOnly.prove("dialler", facts))).toBe(true);
    for (const secret of [SECRETS.silo, SECRETS.client]) {
      const stranger = new Authentication({ cluster: "bank", secrets: { operator: secret } });
      expect(siloOnly.verify("dialler", facts, stranger.prove("dialler", facts))).toBe(false);
    }
  });

  it("lets everybody in where no secret is asked for", () => {
    const open = new Authentication({ cluster: "bank" });
    expect(open.greetDialler(helloOf("c", "operator"), false, undefined)).toEqual({
      kind: "open",
      principal: { role: "operator", name: "client-c" },
    });
  });
});

describe("a dialler", () => {
  it.each<[string, Authentication, Hello, boolean]>([
    ["a listener that proves nothing", CLUSTER, helloOf("b", "silo"), false],
    ["a listener that is not a silo", CLUSTER, helloOf("b", "client"), true],
    [
      "a listener that asks for a secret which it does not have",
      new Authentication({ cluster: "bank" }),
      helloOf("b", "silo"),
      true,
    ],
  ])("takes no link with %s", (_, authentication, hello, hasNonce) => {
    const peer = { hasNonce, certificate: undefined };
    expect(authentication.greetListener({ role: "client" }, hello, peer)).toMatchObject({
      kind: "refuse",
      refusal: { code: "UNAUTHENTICATED" },
    });
  });
});

function clientOf(name: string, secret: string): Authentication {
  return new Authentication({ cluster: "bank", secrets: { clients: { [name]: secret } } });
}

function factsWith(name: string | undefined, role: Role = "client"): HandshakeTranscript {
  return factsOf({ dialler: { ...helloOf("c", role), name } });
}

describe("a name of a client", () => {
  const clients = { shop: "secret of shop", kiosk: "secret of kiosk" };
  const silo = new Authentication({ cluster: "bank", secrets: { ...SECRETS, clients } });

  it("is proven by its own secret, from both sides, and is that of the principal", () => {
    const shop = clientOf("shop", clients.shop);
    const facts = factsWith("shop");
    expect(silo.greetDialler(facts.dialler, true, undefined)).toEqual({
      kind: "prove",
      principal: { role: "client", name: "shop" },
    });
    expect(silo.verify("dialler", facts, shop.prove("dialler", facts))).toBe(true);
    expect(shop.verify("listener", facts, silo.prove("listener", facts))).toBe(true);
  });

  it.each([
    ["another secret", "shop", "another secret"],
    ["the secret of another name", "shop", clients.kiosk],
    ["the secret of the role", "shop", SECRETS.client],
    ["the secret of silos", "shop", SECRETS.silo],
    ["a name that there is not", "nobody", clients.shop],
    ["a name that every object has", "constructor", clients.shop],
    ["no text at all for a name", "", clients.shop],
  ])("is not proven by %s", (_what, name, secret) => {
    const facts = factsWith(name);
    // It is asked for its proof all the same, so it does not hear which names there are.
    expect(silo.greetDialler(facts.dialler, true, undefined)).toMatchObject({ kind: "prove" });
    const proof = clientOf(name, secret).prove("dialler", facts);
    expect(silo.verify("dialler", facts, proof)).toBe(false);
    expect(() => clientOf("else", secret).prove("dialler", facts)).toThrow("is not known");
  });

  it("is part of the proof, so that one of a client without a name is none of it", () => {
    const same = new Authentication({ cluster: "bank", secrets: { client: clients.shop } });
    const proof = same.prove("dialler", factsWith(undefined));
    expect(silo.verify("dialler", factsWith("shop"), proof)).toBe(false);
    expect(silo.verify("dialler", factsWith(undefined), proof)).toBe(false);
  });

  it.each(["silo", "operator"] as const)("is not for a %s", (role) => {
    const facts = factsWith("shop", role);
    expect(silo.greetDialler(facts.dialler, true, undefined)).toMatchObject({
      kind: "refuse",
      refusal: { code: "UNAUTHENTICATED", message: expect.stringContaining("only clients") },
    });
    const siloKey = new Authentication({ cluster: "bank", secrets: { silo: SECRETS.silo } });
    expect(() => siloKey.prove("dialler", facts)).toThrow("is not known");
  });

  it("is nothing where no secret is asked for, and cannot be had by an id", () => {
    const open = new Authentication({ cluster: "bank" });
    for (const hello of [{ ...helloOf("c", "client"), name: "shop" }, helloOf("shop", "client")])
      expect(open.greetDialler(hello, false, undefined)).toMatchObject({
        principal: { name: expect.stringMatching(/^client-(c|shop)$/) },
      });
    expect(silo.greetDialler(helloOf("shop", "client"), true, [])).toMatchObject({
      principal: { name: "client-shop" },
    });
  });

  it("is asked for as other roles are: without a secret of their own only silos may be clients", () => {
    const namesOnly = new Authentication({
      cluster: "bank",
      secrets: { silo: SECRETS.silo, clients },
    });
    const facts = factsWith(undefined);
    const shop = new Authentication({ cluster: "bank", secrets: { client: clients.shop } });
    expect(namesOnly.verify("dialler", facts, shop.prove("dialler", facts))).toBe(false);
    expect(namesOnly.verify("dialler", facts, namesOnly.prove("dialler", facts))).toBe(true);
  });
});

describe("names in certificates", () => {
  const roles = { silo: ["silo.bank"], client: ["shop", "kiosk"], operator: ["ops"] };
  const byName = new Authentication({ cluster: "bank", certificateRoles: roles });

  it.each<[Role, string, boolean]>([
    ["silo", "silo.bank", true],
    ["silo", "shop", false],
    ["client", "kiosk", true],
    ["operator", "kiosk", false],
    ["operator", "ops", true],
    // A silo looks whether somebody is there as a client does.
    ["client", "silo.bank", true],
    ["client", "nobody", false],
  ])("give a role: %s to %s is %s", (role, name, isGiven) => {
    const { kind } = byName.greetDialler(helloOf("c", role), false, ["other", name]);
    expect(kind).toBe(isGiven ? "open" : "refuse");
  });

  it("name clients and operators, and silos keep their ids", () => {
    const client = byName.greetDialler(helloOf("id", "client"), false, ["shop"]);
    expect(client).toMatchObject({ principal: { role: "client", name: "shop" } });
    const silo = byName.greetDialler(helloOf("id", "silo"), false, ["silo.bank"]);
    expect(silo).toMatchObject({ principal: { role: "silo", name: "id" } });
  });

  it("are asked for also where a secret is proven", () => {
    const both = new Authentication({ cluster: "bank", secrets: SECRETS, certificateRoles: roles });
    expect(both.greetDialler(helloOf("c", "silo"), true, ["shop"])).toMatchObject({
      kind: "refuse",
      refusal: { code: "UNAUTHENTICATED" },
    });
  });
});

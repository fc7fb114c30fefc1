import { TroupeError, type Refusal } from "@troupe/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { envelopeTests } from "./transport-envelopes.ts";
import type { SuiteOptions } from "./suite-subject.ts";
import { settle, waitUntil } from "@troupe/testkit";
import {
  dial,
  helloOf,
  listenWith,
  openPair,
  type TransportContext,
  type TransportSubject,
} from "./transport-pair.ts";

/** What every `Transport` must do, tried on one that `open` gives. */
export function transportSuite(options: SuiteOptions<TransportSubject>): void {
  describe(`Transport: ${options.name}`, () => {
    let subject: TransportSubject;

    beforeEach(async () => {
      subject = await options.open();
    });
    afterEach(() => subject.dispose());

    const context: TransportContext = {
      subject: () => subject,
      wait: (promise) => settle(subject.time, promise),
      until: (what, condition) => waitUntil(subject.time, what, condition),
      open: () => settle(subject.time, subject.openTransport(subject.time.clock)),
    };
    describe("opening", () => openTests(context));
    describe("failing to open", () => failureTests(context));
    describe("closing", () => closeTests(context));
    describe("envelopes", () => envelopeTests(context));
  });
}

const PING = { kind: "ping", nonce: 1 } as const;

function openTests({ subject, wait, until, open }: TransportContext): void {
  it("shows each side the hello of the other, before and after the link exists", async () => {
    const listening = await wait(listenWith(await open(), subject().listenAddress));
    const hello = helloOf("a client", { role: "client", cluster: "größe 🦊" });
    const near = await wait(dial(await open(), listening.listener.address, hello));
    expect(listening.checked).toEqual([hello]);
    expect(listening.ends.map(({ link }) => link.remote)).toEqual([hello]);
    expect(near.link.remote).toEqual(helloOf("listener"));
  });

  it("gives the address with the real port", async () => {
    const { listening } = await openPair(subject());
    expect(listening.listener.address).toMatch(/^.+:[1-9]\d*$/);
  });

  it("delivers what a side sends as soon as it has the link", async () => {
    const listening = await wait(
      listenWith(await open(), subject().listenAddress, {
        onAccept: (end) => void end.link.send({ kind: "ping", nonce: 7 }),
      }),
    );
    const near = await wait(dial(await open(), listening.listener.address));
    near.link.send(PING);
    await until(
      "both sides have one envelope",
      () => near.received.length === 1 && listening.ends[0]?.received.length === 1,
    );
    expect(near.received).toEqual([{ kind: "ping", nonce: 7 }]);
  });

  it("keeps the links of several diallers apart, and several links of one", async () => {
    const listening = await wait(listenWith(await open(), subject().listenAddress));
    const one = await open();
    const transports = [one, one, await open(), await open()];
    const ends = [];
    for (const [index, transport] of transports.entries()) {
      ends.push(
        await wait(dial(transport, listening.listener.address, helloOf(`dialler ${index}`))),
      );
    }
    for (const [index, end] of ends.entries()) end.link.send({ kind: "ping", nonce: index });
    await until("each link has its envelope", () =>
      listening.ends.every(({ received }) => received.length === 1),
    );
    expect(listening.ends.map(({ link, received }) => [link.remote.peerId, received])).toEqual(
      ends.map((_, index) => [`dialler ${index}`, [{ kind: "ping", nonce: index }]]),
    );
  });
}

function failureTests({ subject, wait, open }: TransportContext): void {
  it.each<Refusal>([
    { code: "UNAUTHENTICATED", message: "the token is wrong" },
    { code: "BAD_CONFIG", message: "this is cluster größe, not suite" },
    { code: "CLUSTER_UNAVAILABLE", message: "still starting" },
  ])("rejects a refused dial with the refusal's code and message: $code", async (refusal) => {
    const listening = await wait(
      listenWith(await open(), subject().listenAddress, { refuse: () => refusal }),
    );
    const error = await wait(troupeErrorOf(dial(await open(), listening.listener.address)));
    expect(error.code).toBe(refusal.code);
    expect(error.message).toContain(refusal.message);
    expect(listening.ends).toEqual([]);
  });

  it("rejects a dialler of another major version of the protocol with BAD_CONFIG, and takes one of another minor", async () => {
    const listening = await wait(listenWith(await open(), subject().listenAddress));
    const { address } = listening.listener;
    const error = await wait(
      troupeErrorOf(dial(await open(), address, helloOf("newer", { protocol: "2.0" }))),
    );
    expect(error.code).toBe("BAD_CONFIG");
    expect(error.message).toContain("2.0");
    expect(listening.ends).toEqual([]);
    await wait(dial(await open(), address, helloOf("a little newer", { protocol: "1.99" })));
  });

  it("accepts a good dialler after a refused one", async () => {
    const listening = await wait(
      listenWith(await open(), subject().listenAddress, {
        refuse: ({ peerId }) =>
          peerId === "bad" ? { code: "UNAUTHENTICATED", message: "no" } : undefined,
      }),
    );
    const transport = await open();
    expect(
      (await wait(troupeErrorOf(dial(transport, listening.listener.address, helloOf("bad"))))).code,
    ).toBe("UNAUTHENTICATED");
    const near = await wait(dial(transport, listening.listener.address));
    expect(near.link.remote.peerId).toBe("listener");
  });

  it("rejects a second listener on an address with BAD_CONFIG that names it", async () => {
    const { address } = (await wait(listenWith(await open(), subject().listenAddress))).listener;
    const error = await wait(troupeErrorOf(listenWith(await open(), address)));
    expect(error.code).toBe("BAD_CONFIG");
    expect(error.message).toContain(address);
  });

  it.each([
    "",
    "no address",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:99999",
    "127.0.0.1:-1",
    "127.0.0.1:port",
  ])("rejects a listener on what is not an address with BAD_CONFIG: %j", async (address) => {
    expect((await wait(troupeErrorOf(listenWith(await open(), address)))).code).toBe("BAD_CONFIG");
  });

  it("rejects a dial to where nobody listens with SILO_LOST, and says that it was refused", async () => {
    const listening = await wait(listenWith(await open(), subject().listenAddress));
    await wait(listening.listener.close());
    const error = await wait(troupeErrorOf(dial(await open(), listening.listener.address)));
    expect(error.code).toBe("SILO_LOST");
    expect(error.message).toContain(listening.listener.address);
    expect(error.cause).toMatchObject({ refused: true });
  });
}

function closeTests({ subject, wait, until, open }: TransportContext): void {
  it.each(["near", "far"] as const)(
    "tells both sides once when the %s one closes, and sends nothing after that",
    async (closer) => {
      const { near, far } = await openPair(subject());
      (closer === "near" ? near : far).link.close("enough");
      await until("both sides know", () => near.closings.length > 0 && far.closings.length > 0);
      for (const end of [near, far]) {
        expect(end.link.send(PING)).toBe("closed");
        end.link.close("again");
        end.link.close("and again");
      }
      await subject().time.elapse(20);
      expect([near.closings.length, far.closings.length]).toEqual([1, 1]);
      expect([near.received, far.received]).toEqual([[], []]);
    },
  );

  it("takes no envelope after close was called, even before the other side knows", async () => {
    const { near } = await openPair(subject());
    near.link.close("enough");
    expect(near.link.send(PING)).toBe("closed");
  });

  it("delivers what was sent before the close", async () => {
    const { near, far } = await openPair(subject());
    for (let nonce = 0; nonce < 500; nonce++)
      expect(near.link.send({ kind: "ping", nonce })).toBe("sent");
    near.link.close("enough");
    await until("the other side knows", () => far.closings.length > 0);
    expect(far.received).toEqual(
      Array.from({ length: 500 }, (_, nonce) => ({ kind: "ping", nonce })),
    );
  });

  it("gives a side that closes in the middle of a burst nothing more", async () => {
    const { near, far } = await openPair(subject());
    far.react = () => {
      if (far.received.length === 3) far.link.close("three are enough");
    };
    for (let nonce = 0; nonce < 200; nonce++) near.link.send({ kind: "ping", nonce });
    await until("both sides know", () => near.closings.length > 0 && far.closings.length > 0);
    await subject().time.elapse(20);
    expect(far.late).toBe(0);
    expect([near.closings.length, far.closings.length]).toEqual([1, 1]);
  });

  it("closes the accepted links with the listener, and gives the address free", async () => {
    const { near, far, listening, listenerTransport, diallerTransport } = await openPair(subject());
    await wait(listening.listener.close());
    await until("both sides know", () => near.closings.length > 0 && far.closings.length > 0);
    const again = await wait(listenWith(listenerTransport, listening.listener.address));
    expect(again.listener.address).toBe(listening.listener.address);
    const end = await wait(dial(diallerTransport, again.listener.address));
    end.link.send(PING);
    await until("the new link works", () => again.ends[0]?.received.length === 1);
    expect([near.closings.length, far.closings.length]).toEqual([1, 1]);
  });

  it("closes every link with its transport, dialled and accepted", async () => {
    const { near, far, diallerTransport } = await openPair(subject());
    const listening = await wait(listenWith(diallerTransport, subject().listenAddress));
    const dialled = await wait(dial(await open(), listening.listener.address));
    await wait(diallerTransport.close());
    const ends = [near, far, dialled, ...listening.ends];
    await until("every side knows", () => ends.every(({ closings }) => closings.length > 0));
    expect(ends.map(({ closings }) => closings.length)).toEqual([1, 1, 1, 1]);
    expect((await wait(troupeErrorOf(dial(await open(), listening.listener.address)))).code).toBe(
      "SILO_LOST",
    );
  });
}

/** The `TroupeError` that the promise rejects with. */
async function troupeErrorOf(promise: Promise<unknown>): Promise<TroupeError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TroupeError) return error;
    throw error;
  }
  throw new Error("it did not reject");
}

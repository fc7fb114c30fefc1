import {
  type Envelope,
  type Hello,
  type Link,
  type Principal,
  type LinkHandlers,
  type Member,
  type MemberState,
  silentLogger,
  type Transport,
  TroupeError,
} from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { PeerLinks } from "./peer-links.ts";

const HELLO: Hello = {
  protocol: "1.0",
  cluster: "test",
  role: "silo",
  peerId: "m",
};

/** One end of a link, whose other end is the test. */
class ScriptedLink implements Link {
  readonly remote: Hello;
  readonly principal: Principal = { role: "silo", name: "peer" };
  closedBecause: string | undefined;
  handlers: LinkHandlers | undefined;

  constructor(peerId: string) {
    this.remote = { ...HELLO, peerId };
  }

  send(): "sent" | "closed" {
    return this.closedBecause === undefined ? "sent" : "closed";
  }

  close(reason: string): void {
    this.closedBecause ??= reason;
  }
}

/** A transport whose dials the test answers. */
class ScriptedTransport implements Transport {
  readonly dials: {
    readonly address: string;
    readonly answer: (link: ScriptedLink | TroupeError) => void;
  }[] = [];

  connect(address: string, _: Hello, accept: (link: Link) => LinkHandlers): Promise<Link> {
    return new Promise((resolve, reject) => {
      const answer = (link: ScriptedLink | TroupeError): void => {
        if (link instanceof TroupeError) {
          reject(link);
          return;
        }
        link.handlers = accept(link);
        resolve(link);
      };
      this.dials.push({ address, answer });
    });
  }

  listen(): never {
    throw new Error("nobody listens in these tests");
  }

  async close(): Promise<void> {}
}

function member(siloId: string, state: MemberState = "active"): Member {
  return { siloId, address: `${siloId}:1`, state, types: {}, version: "1", labels: {} };
}

function refused(): TroupeError {
  return new TroupeError("SILO_LOST", "nobody listens", {
    cause: Object.assign(new Error("refused"), { refused: true }),
  });
}

/** Peer links of the silo `m`, which dials the silos behind it in the alphabet. */
function setUp(
  dials: (siloId: string) => "now" | "when-needed" | "never" = (siloId) =>
    "m" < siloId ? "now" : "never",
) {
  const clock = new VirtualClock();
  const transport = new ScriptedTransport();
  const events: string[] = [];
  const warnings: string[] = [];
  const links = new PeerLinks({
    clock,
    logger: { ...silentLogger, warn: (_, message) => void warnings.push(message) },
    transport,
    hello: HELLO,
    dials,
    events: {
      onEnvelope: (envelope: Envelope) => events.push(envelope.kind),
      onUp: (siloId) => events.push(`up ${siloId}`),
      onDown: (siloId) => events.push(`down ${siloId}`),
      onRefused: (siloId) => events.push(`refused ${siloId}`),
      onRejected: (siloId, error) => events.push(`${error.code} from ${siloId}`),
    },
  });
  const settle = (): Promise<void> => clock.advance(0);
  /** Answers the last dial. */
  const answer = async (link: ScriptedLink | TroupeError): Promise<void> => {
    transport.dials.at(-1)?.answer(link);
    await settle();
  };
  return { clock, transport, events, warnings, links, settle, answer };
}

describe("peer links", () => {
  it("dial the silos that this side is to dial, once each, and leave it to the others to dial", () => {
    const { transport, links } = setUp();
    links.setMembers([member("a"), member("x"), member("z")]);
    links.setMembers([member("a"), member("x"), member("z")]);
    expect(links.linkTo("a")).toBeUndefined();
    expect(links.linkTo("x")).toBeUndefined();
    expect(transport.dials.map(({ address }) => address)).toEqual(["x:1", "z:1"]);
  });

  it("are not dialled before a view has told where the peer is, so that nobody is taken for gone at no address", async () => {
    const { transport, events, links, settle } = setUp();
    // It meant to reach whoever was here before, under an id that it is to dial.
    const link = new ScriptedLink("x");
    link.handlers = links.adopt(link);
    await settle();
    link.handlers.onClose("this is not the silo that was dialled");
    await settle();
    expect(transport.dials).toEqual([]);
    links.setMembers([member("x")]);
    expect(transport.dials.map(({ address }) => address)).toEqual(["x:1"]);
    expect(events.filter((event) => event.startsWith("refused"))).toEqual([]);
  });

  it("from a peer that no view has had yet outlast a view that is older than the peer", async () => {
    const { clock, events, links, settle } = setUp();
    const link = new ScriptedLink("a");
    link.handlers = links.adopt(link);
    await settle();
    links.setMembers([member("b")]);
    await clock.advance(5_000);
    expect(link.closedBecause).toBeUndefined();
    links.setMembers([member("a"), member("b")]);
    expect(links.linkTo("a")).toBe(link);
    links.setMembers([member("b")]);
    await clock.advance(5_000);
    expect(link.closedBecause).toBeDefined();
    expect(events).toEqual(["up a"]);
  });

  it("are dialled when they are first asked for, where that is the rule", () => {
    const { transport, links } = setUp(() => "when-needed");
    links.setMembers([member("x"), member("z")]);
    expect(transport.dials).toEqual([]);
    links.linkTo("z");
    links.linkTo("z");
    expect(links.linkTo("unknown")).toBeUndefined();
    expect(transport.dials.map(({ address }) => address)).toEqual(["z:1"]);
  });

  it("are told of when they are open, and used from then on", async () => {
    const { events, links, answer } = setUp();
    links.setMembers([member("x")]);
    const link = new ScriptedLink("x");
    await answer(link);
    expect(links.linkTo("x")).toBe(link);
    link.handlers?.onEnvelope({ kind: "ping", nonce: 1 });
    expect(events).toEqual(["up x", "ping"]);
  });

  it("are dialled again after growing pauses of at most a second, and after short ones once a link was open", async () => {
    const { clock, transport, links, answer } = setUp();
    links.setMembers([member("x")]);
    const pauses: number[] = [];
    for (let tries = 0; tries < 9; tries++) {
      const count = transport.dials.length;
      const from = clock.monotonic();
      await answer(new TroupeError("SILO_LOST", "no answer"));
      while (transport.dials.length === count) await clock.advance(1);
      pauses.push(clock.monotonic() - from);
    }
    expect(pauses).toEqual([20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000]);
    const link = new ScriptedLink("x");
    await answer(link);
    link.handlers?.onClose("broken");
    await answer(new TroupeError("SILO_LOST", "no answer"));
    const count = transport.dials.length;
    await clock.advance(20);
    expect(transport.dials.length).toBe(count + 1);
  });

  it("are dialled again at once when they break, and their going is told", async () => {
    const { transport, events, links, answer } = setUp();
    links.setMembers([member("x")]);
    const link = new ScriptedLink("x");
    await answer(link);
    link.handlers?.onClose("broken");
    expect(links.linkTo("x")).toBeUndefined();
    expect(transport.dials.length).toBe(2);
    expect(events).toEqual(["up x", "down x"]);
  });

  it("say that a process is gone only if there was a link to it", async () => {
    const { clock, events, links, answer } = setUp();
    links.setMembers([member("x")]);
    await answer(refused());
    expect(events).toEqual([]);
    await clock.advance(20);
    const link = new ScriptedLink("x");
    await answer(link);
    link.handlers?.onClose("broken");
    await answer(refused());
    expect(events).toEqual(["up x", "down x", "refused x"]);
  });

  it("say that a process is gone when another one answers at its address", async () => {
    const { clock, events, links, answer } = setUp();
    links.setMembers([member("x")]);
    const link = new ScriptedLink("x");
    await answer(link);
    link.handlers?.onClose("broken");
    const stranger = new ScriptedLink("stranger");
    await answer(stranger);
    expect(stranger.closedBecause).toContain("not the silo that was dialled");
    expect(links.linkTo("x")).toBeUndefined();
    expect(events).toEqual(["up x", "down x", "refused x"]);
    await clock.advance(20);
    await answer(new ScriptedLink("x"));
    expect(links.linkTo("x")).toBeDefined();
  });

  it("tell why a peer takes no link from this side, once, and dial it again seldom", async () => {
    const { clock, transport, events, warnings, links, answer } = setUp();
    links.setMembers([member("x")]);
    await answer(new TroupeError("UNAUTHENTICATED", "no token"));
    expect(events).toEqual(["UNAUTHENTICATED from x"]);
    await clock.advance(4_999);
    expect(transport.dials.length).toBe(1);
    await clock.advance(1);
    expect(transport.dials.length).toBe(2);
    await answer(new TroupeError("UNAUTHENTICATED", "no token"));
    expect(warnings).toEqual([
      "a silo takes no link from this process: [UNAUTHENTICATED] no token",
    ]);
  });

  it("tell everybody who asks for the link of a peer that takes none, without dialling", async () => {
    const { transport, events, links, settle, answer } = setUp();
    links.setMembers([member("x")]);
    await answer(new TroupeError("UNAUTHENTICATED", "no token"));
    expect(links.linkTo("x")).toBeUndefined();
    await settle();
    expect(events).toEqual(["UNAUTHENTICATED from x", "UNAUTHENTICATED from x"]);
    expect(transport.dials.length).toBe(1);
  });

  it("are adopted from a peer that dials, also before the view has it", async () => {
    const { transport, events, links, settle } = setUp();
    const link = new ScriptedLink("a");
    link.handlers = links.adopt(link);
    await settle();
    links.setMembers([member("a")]);
    expect(links.linkTo("a")).toBe(link);
    expect(events).toEqual(["up a"]);
    expect(transport.dials).toEqual([]);
  });

  it("give up the old link when its peer dials again, and do not take the old one's end for the new one's", async () => {
    const { events, links, settle } = setUp();
    links.setMembers([member("a")]);
    const old = new ScriptedLink("a");
    old.handlers = links.adopt(old);
    await settle();
    const fresh = new ScriptedLink("a");
    fresh.handlers = links.adopt(fresh);
    await settle();
    expect(old.closedBecause).toBeDefined();
    // The calls that were sent over the old link are lost; those that are sent over the new one
    // from now on are not.
    expect(events).toEqual(["up a", "down a", "up a"]);
    old.handlers.onClose("closed");
    expect(links.linkTo("a")).toBe(fresh);
    expect(events).toEqual(["up a", "down a", "up a"]);
  });

  it("close soon after their peer leaves the view, and a late dial to it comes to nothing", async () => {
    const { clock, transport, events, links, settle, answer } = setUp();
    links.setMembers([member("x"), member("y")]);
    transport.dials[0]?.answer(new ScriptedLink("x"));
    await settle();
    const link = links.linkTo("x");
    links.setMembers([]);
    await clock.advance(300);
    expect(link?.send({ kind: "ping", nonce: 1 })).toBe("closed");
    const late = new ScriptedLink("y");
    await answer(late);
    expect(late.closedBecause).toBeDefined();
    expect(links.linkTo("y")).toBeUndefined();
    expect(events).toEqual(["up x"]);
  });

  it("linger for two seconds when their peer has drained, for replies that are under way", async () => {
    const { clock, events, links, answer } = setUp();
    links.setMembers([member("x")]);
    const link = new ScriptedLink("x");
    await answer(link);
    links.setMembers([member("x", "draining")]);
    links.setMembers([]);
    await clock.advance(1_999);
    expect(link.closedBecause).toBeUndefined();
    link.handlers?.onEnvelope({ kind: "ping", nonce: 1 });
    await clock.advance(1);
    expect(link.closedBecause).toBeDefined();
    expect(events).toEqual(["up x", "ping"]);
  });

  it("linger shortly when their peer is gone from one view to the next, since it may have drained between the two", async () => {
    const { clock, events, links, answer } = setUp();
    links.setMembers([member("x")]);
    const link = new ScriptedLink("x");
    await answer(link);
    links.setMembers([]);
    await clock.advance(299);
    link.handlers?.onEnvelope({ kind: "ping", nonce: 1 });
    expect(link.closedBecause).toBeUndefined();
    await clock.advance(1);
    expect(link.closedBecause).toBeDefined();
    expect(events).toEqual(["up x", "ping"]);
  });

  it("linger also for a peer that was draining already when it was first seen", async () => {
    const { clock, links, answer } = setUp();
    links.setMembers([member("x", "draining")]);
    const link = new ScriptedLink("x");
    await answer(link);
    links.setMembers([]);
    expect(link.closedBecause).toBeUndefined();
    await clock.advance(2_000);
    expect(link.closedBecause).toBeDefined();
  });

  it("do nothing any more once they are closed", async () => {
    const { clock, transport, links, answer } = setUp();
    links.setMembers([member("x"), member("y")]);
    await answer(new TroupeError("SILO_LOST", "no answer"));
    links.close("enough");
    links.setMembers([member("z")]);
    await clock.advance(10_000);
    expect(transport.dials.length).toBe(2);
    expect(clock.pending).toBe(0);
  });
});

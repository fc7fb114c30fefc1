import { AccessRules } from "../routing/access-rules.ts";
import {
  type Hello,
  type Link,
  type Principal,
  type LinkAcceptor,
  silentLogger,
  type Transport,
} from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { SiloLinks } from "./silo-links.ts";

/** One end of a link, whose other end is the test. */
class ScriptedLink implements Link {
  readonly remote: Hello;
  readonly principal: Principal = { role: "client", name: "peer" };
  closedBecause: string | undefined;

  constructor(peerId: string) {
    this.remote = { protocol: "1.0", cluster: "test", role: "client", peerId };
  }

  send(): "sent" | "closed" {
    return this.closedBecause === undefined ? "sent" : "closed";
  }

  close(reason: string): void {
    this.closedBecause ??= reason;
  }
}

function nothing(): void {}

async function listen(): Promise<{ links: SiloLinks; acceptor: LinkAcceptor }> {
  const accepted = Promise.withResolvers<LinkAcceptor>();
  const transport: Transport = {
    async listen(address, acceptor) {
      accepted.resolve(acceptor);
      return { address, close: () => Promise.resolve() };
    },
    connect: () => new Promise(() => undefined),
    close: () => Promise.resolve(),
  };
  const links = new SiloLinks({
    siloId: "m",
    cluster: "test",
    clock: new VirtualClock(),
    logger: silentLogger,
    transport,
    operatorTurns: new Map(),
    access: new AccessRules(undefined, new Map()),
    onRequest: nothing,
    onReply: nothing,
    onItem: nothing,
    onCredit: nothing,
    onCancel: nothing,
    onCallerGone() {},
    onReleased: nothing,
    onUp: nothing,
    onDown: nothing,
    onHeard: nothing,
    onRefused: nothing,
    onRejected: nothing,
  });
  await links.listen("127.0.0.1:0");
  return { links, acceptor: await accepted.promise };
}

it("closes the earlier link of a client that dials again, whose unread calls would run behind later ones", async () => {
  const { links, acceptor } = await listen();
  const [earlier, ofAnother, later] = [
    new ScriptedLink("c1"),
    new ScriptedLink("c2"),
    new ScriptedLink("c1"),
  ];
  const handlers = acceptor.accept(earlier);
  acceptor.accept(ofAnother);
  acceptor.accept(later);
  expect(earlier.closedBecause).toBe("the client has dialled again");
  expect([ofAnother, later].map(({ closedBecause }) => closedBecause)).toEqual([
    undefined,
    undefined,
  ]);

  // The end of the earlier one must not make the silo forget the later one.
  handlers.onClose("the client has dialled again");
  await links.close("the silo stops");
  expect(later.closedBecause).toBe("the silo stops");
});

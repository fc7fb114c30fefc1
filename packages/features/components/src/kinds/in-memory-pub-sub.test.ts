import { pubSubSuite } from "@troupe/conformance";
import { VirtualClock } from "@troupe/testkit";
import { InMemoryBroker, InMemoryPubSub } from "./in-memory-pub-sub.ts";

pubSubSuite({
  name: "pubsub.in-memory",
  open: async () => {
    const broker = new InMemoryBroker();
    const clock = new VirtualClock();
    const opened: InMemoryPubSub[] = [];
    return {
      openHandle: async () => {
        const component = new InMemoryPubSub(broker, clock);
        opened.push(component);
        return { component, pass: (ms) => clock.advance(ms), takeOverMs: 0 };
      },
      dispose: async () => {
        for (const component of opened) await component.close();
      },
    };
  },
});

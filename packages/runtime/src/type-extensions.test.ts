import { defineBehaviour, type Extension, partKey, type PartState } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";

const NOTES = partKey<PartState>("notes");

const noting: Extension = {
  name: "noting",
  parts: () => [
    {
      key: NOTES,
      prefixes: ["g:"],
      create: () => ({ load() {}, collect: () => [], adopt() {}, rollback() {} }),
    },
  ],
};

const [gate, fence] = ["Gate", "Fence"].map((name) =>
  defineBehaviour(name, {
    extensions: [noting],
    methods: { look: {} },
    activate: (host) => ({ invoke: () => host.part(NOTES) !== undefined }),
  }),
);

it("adds what types need to the silos that host them, once for all types", async () => {
  if (gate === undefined || fence === undefined) throw new Error("two types were made");
  const cluster = await TestCluster.start({ actors: [gate, fence] });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (const name of ["Gate", "Fence"]) {
    const look = cluster.client.actor(name, "one").look?.() ?? Promise.resolve(false);
    // oxlint-disable-next-line no-await-in-loop -- one after the other.
    expect(await cluster.run(look)).toBe(true);
  }
});

import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

@actor("Draft")
class Draft extends Actor {
  @state({ save: "manual" }) accessor text = "";

  async keep(): Promise<void> {
    this.save();
  }

  async write(text: string): Promise<void> {
    this.text = text;
  }

  async leave(): Promise<void> {
    this.deactivate();
  }

  async read(): Promise<string> {
    return this.text;
  }
}

it("stores a manual slot with the turn that saves it, and with no later one, though there was nothing to save", async () => {
  await using cluster = await TestCluster.start({ actors: [Draft] });
  const draft = cluster.actor(Draft, "d");
  await cluster.run(draft.write("first"));
  await cluster.run(draft.keep());
  await cluster.run(draft.keep());
  await cluster.run(draft.write("second"));
  await cluster.run(draft.leave());
  expect(await cluster.run(draft.read())).toBe("first");
});

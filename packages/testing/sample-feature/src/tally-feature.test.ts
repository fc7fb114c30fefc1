import { ADMIN_LINK, type Administered } from "@troupe/client";
import { silentLogger } from "@troupe/core";
import { MemoryReminderStore, MemoryStates, MemoryStateStore } from "@troupe/memory";
import { expect, it } from "vitest";
import { type Silo, startSilo } from "troupe";
import { tallyFeature } from "./tally-feature.ts";
import { tallyProvider } from "./tally-provider.ts";

const states = new MemoryStates();
const provider = tallyProvider(() => ({
  state: new MemoryStateStore(states),
  reminders: new MemoryReminderStore(states.due),
}));

interface Started {
  readonly silo: Silo;
  readonly feature: ReturnType<typeof tallyFeature>;
}

async function start(): Promise<Started> {
  const feature = tallyFeature();
  const silo = await startSilo({
    cluster: "tally",
    actors: [feature.tallied],
    membership: "memory:tally",
    storage: "tally://shelf",
    providers: [provider],
    extensions: [feature.extension],
    filters: feature.filters,
    logger: silentLogger,
  });
  return { silo, feature };
}

function adminOf(silo: Silo): Administered[typeof ADMIN_LINK] {
  return (silo as unknown as Administered)[ADMIN_LINK];
}

it("adds a part, a service, a provider, filters, a behaviour and a question from outside", async () => {
  const first = await start();
  const actor = first.silo.actor("Tallied", "one");
  for (let count = 1; count <= 7; count++) await actor.mark?.(count);
  expect(await actor.read?.()).toEqual({
    last: 7,
    marks: ["mark 3", "mark 4", "mark 5", "mark 6", "mark 7"],
    count: "8",
  });
  await expect(actor.markTwice?.("poison")).rejects.toThrow("this mark is not wanted");
  await expect(actor.markNothing?.("x")).rejects.toThrow("nothing to mark");
  await expect(actor.erase?.()).rejects.toMatchObject({ code: "NO_SUCH_METHOD" });
  const marks = await adminOf(first.silo).askSilo(first.silo.siloId, "marksOf", "one");
  expect(marks).toEqual(["mark 3", "mark 4", "mark 5", "mark 6", "mark 7"]);
  await expect(adminOf(first.silo).askSilo(first.silo.siloId, "marksOf", 5)).rejects.toThrow(
    "give the id of an actor",
  );
  await first.silo.stop();
  const [service] = first.feature.services;
  expect(service?.seen.at(0)).toBe("ownership changed");
  expect(service?.seen).toContain("started");
  expect(service?.seen.slice(-2)).toEqual(["drains", "stopped"]);

  const second = await start();
  const again = second.silo.actor("Tallied", "one");
  expect(await again.read?.()).toMatchObject({
    last: 7,
    marks: expect.arrayContaining(["mark 7"]),
  });
  const marked = (await second.silo.actor("Tallied", "services").read?.()) as { last: string };
  expect(marked.last).toMatch(/^by /);
  await second.silo.stop();
});

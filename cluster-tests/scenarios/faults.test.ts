import { systemRandom } from "@troupe/core";
import { wantsNamespaces } from "@troupe/services";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Arena, type ArenaOptions } from "../faults/arena.ts";
import { faultNamed } from "../faults/catalog.ts";
import { runTrial } from "../faults/trial.ts";

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

/**
 * One trial of each of these; the others of the catalogue have scenarios of their own, or differ
 * little.
 */
const TRIED: readonly (readonly [ArenaOptions, readonly string[]])[] = [
  [
    { leaseTtl: "2s" },
    ["silo: SIGSTOP for half of its lease", "silo: event loop blocked beyond its lease"],
  ],
  // These need root, `ip netns` and `iptables`; without them they fail with what would help.
  [
    { leaseTtl: "2s", namespaces: true },
    [
      "network: silo–silo cut, one way",
      "network: silo–silo cut, both ways",
      "network: silo–etcd cut, answers lost",
      "network: silo–etcd cut, both ways",
      "network: silo–Redis cut, answers lost",
      "network: silo–Redis cut, both ways",
    ],
  ],
  // The product's own lease is the shortest that outlives the loss of a leader.
  [{ leaseTtl: "5s", etcdMembers: true }, ["etcd: leader of three killed"]],
  [
    { leaseTtl: "2s", clocks: true },
    ["wall clocks an hour forward, and back", "wall clocks an hour back, and forward"],
  ],
];

/** Only who says so leaves out what needs rights that a machine does not give. */
const WANTED = TRIED.filter(([{ namespaces }]) => namespaces !== true || wantsNamespaces());

describe.each(WANTED)("under load, with %o,", (options, names) => {
  let arena: Arena | undefined;

  beforeAll(async () => {
    arena = await Arena.open(options);
  });

  afterAll(async () => {
    await arena?.dispose();
  });

  afterEach(({ task }) => {
    if (task.result?.state === "fail") console.error(arena?.cluster.logs());
  });

  it.each(names)("nothing is lost, doubled or wrongly failed: %s", async (name) => {
    if (arena === undefined) throw new Error("the arena did not open");
    const { lost, doubled, wronglyFailed, other } = await runTrial(
      arena,
      faultNamed(name),
      systemRandom,
    );
    expect({ lost, doubled, wronglyFailed, other }).toEqual({
      lost: [],
      doubled: [],
      wronglyFailed: [],
      other: [],
    });
  });
});

describe.runIf(wantsNamespaces())("the check for two turns at once", () => {
  it("finds them where silos may go on without their leases", async () => {
    await using arena = await Arena.open({ leaseTtl: "2s", namespaces: true, serveInDoubt: true });
    const { lost, other } = await runTrial(
      arena,
      faultNamed("network: silo–etcd cut, both ways"),
      systemRandom,
    );
    expect(other.filter((problem) => problem.includes("began"))).not.toEqual([]);
    expect(lost).toEqual([]);
  });
});

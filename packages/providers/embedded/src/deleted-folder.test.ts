import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Member, silentLogger, systemClock } from "@troupe/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type EmbeddedMembership, openEmbeddedMembership } from "./embedded-membership.ts";
import { type EmbeddedStores, openEmbeddedStores } from "./embedded-stores.ts";

const options = { clock: systemClock, logger: silentLogger };
const alice = { type: "Account", id: "alice" };
const silo: Member = {
  siloId: "s1",
  address: "127.0.0.1:7100",
  state: "active",
  types: {},
  version: "1",
  labels: {},
};
const claim = { revision: 1, siloId: "s1" };

let parent: string;
let folder: string;
let stores: EmbeddedStores;
let membership: EmbeddedMembership;

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), "troupe-deleted-"));
  folder = join(parent, "bank");
  stores = await openEmbeddedStores(folder, options);
  membership = await openEmbeddedMembership(folder, options);
});

afterEach(async () => {
  await Promise.all([stores.state.close(), stores.reminders.close(), membership.close()]);
  rmSync(parent, { recursive: true, force: true });
});

it("takes no write once its folder was deleted, and says so", async () => {
  await stores.state.claim(alice, claim);
  const lease = await membership.register(silo, 60_000);
  rmSync(folder, { recursive: true });
  await vi.waitFor(async () => {
    await expect(stores.state.claim(alice, claim)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      ran: "no",
      message: expect.stringContaining(`${folder}: it was deleted, moved or replaced`),
    });
  });
  await vi.waitFor(async () => {
    await expect(membership.renew(lease)).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
  });
  await expect(stores.state.read(alice, "")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});

it("takes none into another folder that has its place, and goes on when its own is back", async () => {
  const away = join(parent, "away");
  await stores.state.claim(alice, claim);
  renameSync(folder, away);
  await vi.waitFor(() => expect(stores.state.claim(alice, claim)).rejects.toThrow("moved"));
  renameSync(away, folder);
  await vi.waitFor(async () => {
    expect(await stores.state.claim(alice, claim)).toMatchObject({ kind: "claimed" });
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTESTANTS } from "./contestants.ts";
import { peerFolder, peerSources, peerVersions, PEERS } from "./peer-package.ts";

describe.each(PEERS)("the peer %s", (peer) => {
  it("names exact versions, which are those of its lock file", () => {
    const lock = JSON.parse(readFileSync(join(peerSources(peer), "package-lock.json"), "utf8")) as {
      readonly packages: Readonly<Record<string, { readonly version?: string }>>;
    };
    for (const [name, version] of Object.entries(peerVersions(peer))) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
    }
  });

  it("is a contestant that says what it does durably", () => {
    const contestant = CONTESTANTS.find((candidate) => candidate.peer === peer);
    const entries = Object.values(contestant?.entries ?? {});
    expect(entries.length).toBeGreaterThan(0);
    for (const { durable } of entries) expect(durable).not.toBe("");
  });
});

describe("peerFolder", () => {
  it("is in the cache folder of the user, one for each peer", () => {
    const folders = PEERS.map((peer) => peerFolder(peer, { XDG_CACHE_HOME: "/somewhere" }));
    expect(new Set(folders).size).toBe(PEERS.length);
    for (const folder of folders)
      expect(folder).toMatch(/^\/somewhere\/troupe\/bench-peers\/[a-z]+-[0-9a-f]{12}$/);
  });
});

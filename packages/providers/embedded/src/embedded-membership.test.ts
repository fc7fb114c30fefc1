import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock } from "@troupe/core";
import { membershipSuite } from "@troupe/conformance";
import { realTime } from "@troupe/testkit";
import { openEmbeddedMembership, type EmbeddedMembership } from "./embedded-membership.ts";

membershipSuite({
  name: "embedded",
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), "troupe-embedded-"));
    const opened: EmbeddedMembership[] = [];
    return {
      ttlMs: 1_000,
      time: realTime,
      openProvider: async () => {
        const provider = await openEmbeddedMembership(folder, {
          clock: systemClock,
          logger: silentLogger,
        });
        opened.push(provider);
        return provider;
      },
      dispose: async () => {
        for (const provider of opened) await provider.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
});

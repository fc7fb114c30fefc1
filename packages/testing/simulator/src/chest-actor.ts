import { AdminClient, type ImportSummary, importActors, writeLine } from "@troupe/admin";
import type { Administered } from "@troupe/client";
import { sleep, unpackField } from "@troupe/core";
import { type ActorType, actor, readonly, state } from "@troupe/sdk";
import type { Probe } from "./probe.ts";
import type { SimProcess } from "./sim-process.ts";
import { IDLE_AFTER, type WatchedActor } from "./watched-actor.ts";

/** What an operator has moved: how the import ended, and what the export had. */
export interface Relocated {
  readonly summary: ImportSummary | undefined;
  readonly items: readonly string[];
}

/** The type of calls that are no calls of an actor: an operator exports a chest and imports it. */
export const RELOCATION_TYPE = "Relocation";

/** Chests that are exported, and those that they are imported into, begin with these. */
export const SOURCE = "x";
export const TARGET = "y";

/** How many there are of each. */
export const CHESTS = 3;

/** Keeps what is put into it. */
export function chestActor(probe: Probe, Watched: WatchedActor): ActorType {
  @actor("Chest", { idleAfter: IDLE_AFTER })
  class Chest extends Watched {
    @state() accessor items: string[] = [];

    async put(call: string, ms: number): Promise<void> {
      await probe.turn(this, { call, method: "put" }, async () => {
        await probe.work(ms);
        this.items.push(call);
      });
    }

    @readonly()
    async list(call: string): Promise<readonly string[]> {
      return await probe.turn(this, { call, method: "list", shared: true }, () => this.items);
    }
  }
  return Chest;
}

/**
 * What such a call is made of. The first import is left alone after a while, and may still be under
 * way when the same export is imported again.
 */
export function relocationReference(
  cluster: Administered,
  process: SimProcess,
  source: string,
): Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>> {
  const admin = new AdminClient(cluster);
  const { clock } = process;
  return {
    async move(call, target, cutMs): Promise<Relocated> {
      const header = {
        exportId: String(call),
        cluster: "simulated",
        at: "",
        types: undefined,
      };
      const [found] = await Array.fromAsync(admin.contents([{ type: "Chest", id: source }]));
      if (found === undefined) return { summary: undefined, items: [] };
      const { fields } = found;
      let bytes = 0;
      for (const value of fields.values()) bytes += value.length;
      const lines = [
        writeLine({ kind: "header", header }),
        writeLine({ kind: "actor", actor: { ...found, id: String(target) } }),
        writeLine({ kind: "end", end: { actors: 1, fields: fields.size, bytes } }),
      ];
      const run = (): Promise<ImportSummary> => importActors(admin, each(lines), { clock });
      await Promise.race([run().catch(() => undefined), sleep(clock, Number(cutMs))]);
      const stored = fields.get("s:items");
      const items = stored === undefined ? [] : (unpackField(stored) as string[]);
      return { summary: await run(), items };
    },
  };
}

async function* each(lines: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* lines;
}

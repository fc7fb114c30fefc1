import type { ActorAddress } from "@troupe/core";
import {
  type ActorHost,
  type ActorType,
  actor,
  defineBehaviour,
  type Extension,
  type PartHost,
  partKey,
  type PartState,
  readonly,
  state,
} from "@troupe/sdk";
import type { Probe } from "./probe.ts";
import { IDLE_AFTER, type WatchedActor } from "./watched-actor.ts";

/** What a ledger was asked, and what was then told to it of its answers, both in order. */
export interface LedgerReport {
  readonly taken: readonly string[];
  /** `errand answer`. */
  readonly noted: readonly string[];
}

/** How many errands of one turn there are: while one is under way the others wait in the outbox. */
export const ERRANDS = 3;

/** The answer to an errand that its ledger would not take. */
export const REFUSED = "refused";

const ANSWERED_TURN = "$errandAnswered";

/** Lets a courier send what brings an answer back. Nothing of it is stored but its sends. */
class Errands implements PartState {
  readonly #host: PartHost;

  constructor(host: PartHost) {
    this.#host = host;
  }

  ask(ledger: string, errand: string): void {
    const call = { method: "take", args: [`take ${errand}`, errand] };
    const answer = { turn: ANSWERED_TURN, token: { ledger, errand } };
    this.#host.send(ledgerAt(ledger), call, answer);
  }

  load(): void {}

  collect(): [] {
    return [];
  }

  adopt(): void {}

  rollback(): void {}
}

const ERRANDS_PART = partKey<Errands>("errands");

/** Brings each answer to the ledger that gave it, by a durable send. */
export const errandExtension: Extension = {
  name: "errands",
  parts: () => [
    {
      key: ERRANDS_PART,
      prefixes: ["q:"],
      create: (host) => new Errands(host),
      turns: {
        [ANSWERED_TURN]: (host, [token, delivered]) => {
          const { ledger, errand } = token as { ledger: string; errand: string };
          const { kind, value } = delivered as { kind: string; value?: unknown };
          const answer = kind === "error" ? REFUSED : String(value);
          const args = [`note ${errand}`, `${errand} ${answer}`];
          host.send(ledgerAt(ledger), { method: "note", args });
        },
      },
    },
  ],
};

/**
 * Couriers ask ledgers. Nobody looks at a courier when a run is over: what one has not brought when
 * its silo dies is brought only if its new owner wakes it.
 */
export function errandActors(probe: Probe, Watched: WatchedActor): readonly ActorType[] {
  return [courierActor(probe), ledgerActor(probe, Watched)];
}

function courierActor(probe: Probe): ActorType {
  return defineBehaviour("Courier", {
    idleAfter: IDLE_AFTER,
    methods: { dispatch: {}, depart: {} },
    state: { sent: {} },
    activate: (host) => {
      const { type, id } = host.address;
      const self = { type, id };
      host.slots.initialise("sent", 0);
      return {
        onActivate: () => probe.lifecycle(self, "activated"),
        onDeactivate: (reason) => probe.lifecycle(self, reason),
        invoke: (method, [call, ledger]) =>
          probe.turn(self, { call: String(call), method }, () => {
            host.slots.write("sent", Number(host.slots.read("sent")) + ERRANDS);
            for (let index = 0; index < ERRANDS; index++)
              host.part(ERRANDS_PART).ask(String(ledger), errandOf(String(call), index));
            if (method === "depart") depart(host, probe);
          }),
      };
    },
  });
}

/** The last turn of a courier that stays for a while after it: its errands may be done by then. */
function depart(host: ActorHost, probe: Probe): void {
  const done = host.busy();
  void probe.work(STAY_MS).finally(done);
  host.destroy();
}

function ledgerActor(probe: Probe, Watched: WatchedActor): ActorType {
  @actor("Ledger", { idleAfter: IDLE_AFTER, placement: { by: "prefix" } })
  class Ledger extends Watched {
    @state() accessor taken: string[] = [];
    @state() accessor noted: string[] = [];

    /** Answers how many it has taken by then. Now and then it takes none. */
    async take(call: string, errand: string): Promise<number> {
      return await probe.turn(this, { call, method: "take" }, async () => {
        await probe.work(TAKE_MS);
        this.taken.push(errand);
        if (probe.isMoody()) throw new RangeError("not now");
        return this.taken.length;
      });
    }

    async note(call: string, text: string): Promise<void> {
      await probe.turn(this, { call, method: "note" }, () => {
        this.noted.push(text);
      });
    }

    @readonly()
    async facts(call: string): Promise<LedgerReport> {
      return await probe.turn(this, { call, method: "facts", shared: true }, () => {
        const { taken, noted } = this;
        return { taken, noted };
      });
    }
  }
  return Ledger;
}

/** So long a courier stays that has destroyed itself. */
const STAY_MS = 150;

/** So long that silos die with errands that wait behind others. */
const TAKE_MS = 60;

/** The name of one of the errands of a call. */
export function errandOf(call: string, index: number): string {
  return `${call}/${index}`;
}

function ledgerAt(id: string): ActorAddress {
  return { type: "Ledger", id };
}

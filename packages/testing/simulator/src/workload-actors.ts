import { type ActorType, actor, idempotent, oneWay, readonly, reminder, state } from "@troupe/sdk";
import { boardActor } from "./board-actor.ts";
import { cellActor, type WorkloadParts } from "./cell-actor.ts";
import { chestActor } from "./chest-actor.ts";
import { errandActors } from "./errand-actors.ts";
import { sleeperActor } from "./sleeper-actor.ts";
import { tickingActors } from "./ticking-actors.ts";
import { IDLE_AFTER, watchedActor } from "./watched-actor.ts";

/** Few, so that calls of clerks wait for each other. */
const CLERKS_PER_SILO = 2;

/**
 * What an account owes to another: it has left the one and is not yet known to have arrived at the
 * other.
 */
export interface PendingTransfer {
  readonly id: string;
  readonly to: string;
  readonly amount: number;
}

export interface AccountReport {
  readonly balance: number;
  readonly pending: readonly PendingTransfer[];
  /** Transfers out of this account, in order. */
  readonly sent: readonly string[];
  /** Transfers into it. */
  readonly received: readonly string[];
}

/**
 * The actors of the simulation, as classes of their own for each process, since they tell its probe
 * what they do. The first argument of every method is the id of the call.
 */
export function workloadActors(parts: WorkloadParts): readonly ActorType[] {
  const { probe, reentrancy = "chain" } = parts;
  const options = { idleAfter: IDLE_AFTER, reentrancy } as const;

  const Watched = watchedActor(probe);

  const Cell = cellActor(parts, Watched);

  /** Nothing of it is stored, so that no fence stands behind it. */
  @actor("Plain", options)
  class Plain extends Watched {
    async touch(call: string, ms: number): Promise<void> {
      await probe.turn(this, { call, method: "touch" }, () => probe.work(ms));
    }

    @oneWay()
    async nudge(call: string): Promise<void> {
      await probe.turn(this, { call, method: "nudge" }, () => undefined);
    }

    /** A call of an actor by an actor, which may be behind a rush of long turns. */
    async relay(call: string, cell: string, amount: number): Promise<number> {
      return await probe.turn(this, { call: `${call}>`, method: "relay" }, () =>
        this.actor(Cell, cell, { timeout: "20s" }).add(call, amount, 0),
      );
    }
  }

  /** Keeps what it was told, in order. */
  @actor("Recorder", options)
  class Recorder extends Watched {
    @state() accessor entries: string[] = [];

    async record(call: string, ms: number): Promise<number> {
      return await probe.turn(this, { call, method: "record" }, async () => {
        await probe.work(ms);
        this.entries.push(call);
        return this.entries.length;
      });
    }

    @readonly()
    async list(call: string): Promise<readonly string[]> {
      return await probe.turn(this, { call, method: "list", shared: true }, () => this.entries);
    }
  }

  /**
   * Transfers in two steps: the debit with a note of what is owed, and a credit that recognises its
   * repetition.
   */
  @actor("Account", options)
  class Account extends Watched {
    @state() accessor balance = 0;
    @state() accessor pending: PendingTransfer[] = [];
    @state() accessor sent: string[] = [];
    @state() accessor received: string[] = [];

    async transfer(call: string, to: string, amount: number): Promise<void> {
      await probe.turn(this, { call, method: "transfer" }, async () => {
        this.balance -= amount;
        this.pending.push({ id: call, to, amount });
        this.sent.push(call);
        await this.reminders.set("settle", { in: 50, every: "1s" });
      });
    }

    @idempotent()
    async credit(call: string, transfer: string, amount: number): Promise<void> {
      await probe.turn(this, { call, method: "credit" }, () => {
        if (this.received.includes(transfer)) return;
        this.received.push(transfer);
        this.balance += amount;
      });
    }

    /** The short way: the send is stored with the debit, and takes effect once. */
    async wire(call: string, to: string, amount: number): Promise<void> {
      await probe.turn(this, { call, method: "wire" }, () => {
        this.balance -= amount;
        this.sent.push(call);
        this.send(Account, to).receive(call, amount);
      });
    }

    async receive(transfer: string, amount: number): Promise<void> {
      await probe.turn(this, { call: `receive ${transfer}`, method: "receive" }, () => {
        this.received.push(transfer);
        this.balance += amount;
      });
    }

    @reminder("settle")
    async settle(): Promise<void> {
      await probe.turn(this, { call: `settle ${this.id}`, method: "settle" }, async () => {
        for (const { id, to, amount } of Array.from(this.pending)) {
          // Two accounts that owe each other would wait for each other; the short time limit ends
          // that.
          await this.actor(Account, to, { timeout: "300ms" }).credit(`credit ${id}`, id, amount);
          this.pending = this.pending.filter((other) => other.id !== id);
        }
        await this.reminders.delete("settle");
      });
    }

    @readonly()
    async facts(call: string): Promise<AccountReport> {
      return await probe.turn(this, { call, method: "facts", shared: true }, () => {
        const { balance, pending, sent, received } = this;
        return { balance, pending, sent, received };
      });
    }
  }

  /** A stateless worker: any silo serves it, and nothing of it is stored. */
  @actor("Clerk", { statelessWorker: { perSilo: CLERKS_PER_SILO }, idleAfter: IDLE_AFTER })
  class Clerk extends Watched {
    async work(call: string, ms: number): Promise<void> {
      await probe.turn(this, { call, method: "work" }, () => probe.work(ms));
    }

    /** May be run again. */
    @idempotent()
    async workOnce(call: string, ms: number): Promise<void> {
      await probe.turn(this, { call, method: "workOnce" }, () => probe.work(ms));
    }
  }

  return [
    Clerk,
    Cell,
    Plain,
    Recorder,
    Account,
    boardActor(probe, Watched),
    chestActor(probe, Watched),
    sleeperActor(probe, Watched),
    ...tickingActors(probe, Watched),
    ...errandActors(probe, Watched),
  ];
}

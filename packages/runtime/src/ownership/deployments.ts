import {
  type Clock,
  EMPTY_VIEW,
  IN_FORCE_AT_ONCE,
  type InForce,
  inForceOf,
  type Logger,
  type MembershipProvider,
  messageOf,
  TroupeError,
  type TypeAdvert,
  type View,
} from "@troupe/core";
import {
  candidatesFor,
  chosenNext,
  firstInForce,
  isAbandoned,
  type SwitchAt,
  switchTo,
  type TypeInView,
} from "./deployment-rules.ts";

/** When half of the silos that host the type run the new definition. */
const SWITCH_AT: SwitchAt = 0.5;

/** Between tries of a switch that the membership store did not take. */
const SWITCH_AGAIN_MS = 500;

/** Tries to raise the least version while others change the record. */
const ADMIT_ATTEMPTS = 5;

const ABANDONED =
  "no other silo may run this type, because state of its version is stored; its calls wait for one that may";

/** A type, and its next record. */
type Change = readonly [type: string, record: InForce];

export interface DeploymentsParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly membership: MembershipProvider;
  readonly switchAt: SwitchAt | undefined;
  /** What this silo says of its types. */
  adverts(): Readonly<Record<string, TypeAdvert>>;
  /** True once the silo acts as a member no more. */
  isOver(): boolean;
  background(work: Promise<void>): void;
}

/**
 * Which definition of each actor type is in force, as far as this silo has a say in it.
 *
 * DEPL-1. Before a silo is active, each of its types has a record in the membership store. So where
 *         silos run different definitions of a type, there is always exactly one in force (V1).
 * DEPL-2. A record changes only from the one that its writer has seen. All silos that run a new
 *         definition may try to put it in force, and one does.
 * DEPL-3. A silo that leaves and is needed by the definition in force puts the next one in force
 *         first. So its actors move once, and never wait for a silo that could have them.
 * DEPL-4. Before the first state of a version is stored, no lower version can come into force any
 *         more (V2).
 */
export class Deployments {
  readonly #parts: DeploymentsParts;
  readonly #switchAt: SwitchAt;
  #view: View = EMPTY_VIEW;
  /** A switch is being written, or is to be tried again. */
  #isSwitching = false;
  /** By type, what this silo has asked for (DEPL-4). */
  readonly #admitted = new Map<string, Promise<boolean>>();

  constructor(parts: DeploymentsParts) {
    this.#parts = parts;
    this.#switchAt = parts.switchAt ?? SWITCH_AT;
  }

  /** DEPL-1. Rejects with `CLUSTER_UNAVAILABLE` if the membership store is away. */
  async record(): Promise<void> {
    // Again while other silos record some of them at the same time.
    for (;;) {
      const view = await this.#parts.membership.list();
      const missing = this.#own().filter(([type]) => inForceOf(view, type) === undefined);
      if (missing.length === 0) return;
      await this.#put(missing.map(([type, own]) => [type, firstInForce(type, own, view)]));
    }
  }

  /** A view was adopted. */
  setView(view: View): void {
    const before = this.#view;
    this.#view = view;
    for (const [type] of this.#own())
      this.#log(type, inForceOf(before, type), inForceOf(view, type));
    this.#consider();
  }

  /**
   * Puts a definition in force that an operator has chosen. Rejects with `BAD_CONFIG` if no active
   * silo runs it, with `BAD_DEFINITION` if a later version has stored state, and with
   * `CLUSTER_UNAVAILABLE` if something else came into force meanwhile.
   */
  async switchByHand(type: string, digest: string): Promise<void> {
    const { membership } = this.#parts;
    const next = chosenNext(digest, { type, view: await membership.list() });
    if (next === undefined || (await membership.putInForce({ [type]: next })) === "done") return;
    const message = `another definition of ${type} was put in force at the same time; look again`;
    throw new TroupeError("CLUSTER_UNAVAILABLE", message);
  }

  /** DEPL-3. Never rejects: if the store is away, the others put it in force later. */
  async handOver(): Promise<void> {
    const { siloId, logger } = this.#parts;
    const view = this.#view;
    const next = this.#own().flatMap(([type, { digest }]) => {
      if (inForceOf(view, type)?.digest !== digest) return [];
      const where = { type, view, leaving: siloId };
      const record = this.#successorOf(where);
      if (record === undefined && isAbandoned(where))
        logger.warn({ event: "definition_abandoned", type }, ABANDONED);
      return record === undefined ? [] : [[type, record] as const];
    });
    try {
      await this.#put(next);
    } catch (error) {
      logger.debug({ reason: messageOf(error) }, "definitions could not be handed over to");
    }
  }

  #successorOf(where: TypeInView): InForce | undefined {
    const records = candidatesFor(where).flatMap(
      (candidate) => switchTo(candidate, where, this.#switchAt) ?? [],
    );
    return records.toSorted((a, b) => b.version - a.version)[0];
  }

  /**
   * To be asked before state of `version` is stored. Undefined: there is nothing to wait for.
   * False: this silo's definition is not in force any more, or nobody can tell.
   */
  admit(type: string, version: number): Promise<boolean> | undefined {
    const record = inForceOf(this.#view, type);
    if (record === undefined || record.leastVersion >= version) return undefined;
    const asked = this.#admitted.get(type) ?? this.#admit(type, version);
    this.#admitted.set(type, asked);
    return asked;
  }

  async #admit(type: string, version: number): Promise<boolean> {
    const isAdmitted = await this.#raise(type, version);
    if (!isAdmitted) this.#admitted.delete(type);
    return isAdmitted;
  }

  async #raise(type: string, version: number): Promise<boolean> {
    const { membership, logger } = this.#parts;
    try {
      for (let attempt = 1; attempt <= ADMIT_ATTEMPTS; attempt++) {
        const record = inForceOf(await membership.list(), type);
        if (record === undefined || record.digest !== this.#parts.adverts()[type]?.digest)
          return false;
        if (record.leastVersion >= version) return true;
        const next = { ...record, change: record.change + 1, leastVersion: version };
        if ((await membership.putInForce({ [type]: next })) === "done") return true;
      }
    } catch (error) {
      logger.warn({ type, version, reason: messageOf(error) }, "no new version can be stored yet");
    }
    return false;
  }

  #consider(): void {
    if (this.#isSwitching || !this.#isActive) return;
    const next = this.#own().flatMap(([type, advert]) => {
      const record = switchTo(advert, { type, view: this.#view }, this.#switchAt);
      return record === undefined ? [] : [[type, record] as const];
    });
    if (next.length === 0) return;
    this.#isSwitching = true;
    this.#parts.background(this.#switch(next));
  }

  get #isActive(): boolean {
    const { siloId } = this.#parts;
    return this.#view.members.some((one) => one.siloId === siloId && one.state === "active");
  }

  /** What this silo says of its types. */
  #own(): (readonly [string, TypeAdvert])[] {
    return Object.entries(this.#parts.adverts());
  }

  /** If others were first, the next view says so. */
  async #switch(next: readonly Change[]): Promise<void> {
    const { logger, clock } = this.#parts;
    const { revision } = this.#view;
    try {
      await this.#put(next);
      this.#isSwitching = false;
      if (this.#view.revision > revision) this.#consider();
    } catch (error) {
      const types = next.map(([type]) => type);
      logger.warn({ types, reason: messageOf(error) }, "definitions could not be put in force yet");
      clock.schedule(SWITCH_AGAIN_MS, () => {
        this.#isSwitching = false;
        if (!this.#parts.isOver()) this.#consider();
      });
    }
  }

  async #put(changes: readonly Change[]): Promise<void> {
    for (let from = 0; from < changes.length; from += IN_FORCE_AT_ONCE) {
      const some = changes.slice(from, from + IN_FORCE_AT_ONCE);
      await this.#parts.membership.putInForce(Object.fromEntries(some));
    }
  }

  #log(type: string, before: InForce | undefined, after: InForce | undefined): void {
    // A silo that has just come has seen no switch.
    if (before === undefined || after === undefined || before.digest === after.digest) return;
    const { version, digest } = after;
    const fields = { event: "definition_in_force", type, version, digest };
    this.#parts.logger.info(fields, "a definition has come into force");
  }
}

import { Placement } from "@troupe/client";
import { EVEN_PLACEMENT, type Member, type MemberState, type ReleasedEnvelope } from "@troupe/core";
import { expect } from "vitest";
import { Handoff } from "../handoff.ts";

/** A view in which the silos are in these states, and host one type. */
export function placement(
  revision: number,
  states: Readonly<Record<string, MemberState>>,
): Placement {
  const members = Object.entries(states).map(([siloId, state]): Member => ({
    siloId,
    address: "",
    state,
    types: { Account: { version: 1, digest: "1", placement: EVEN_PLACEMENT } },
    version: "1",
    labels: {},
  }));
  return new Placement({
    revision,
    members: members.toSorted((a, b) => (a.siloId < b.siloId ? -1 : 1)),
  });
}

/** Before any view. */
export const EMPTY = placement(0, {});

/** Where silos may run, one process each at a time. */
export const PLACES = ["a", "b", "c", "d"] as const;
const ACTORS = Array.from({ length: 12 }, (_, index) => ({ type: "Account", id: `${index}` }));

/** One process: what a silo does with its handoff, as `SiloActors` does. */
class SimulatedSilo {
  readonly siloId: string;
  readonly handoff: Handoff;
  readonly active = new Set<string>();
  /** Those of the active ones that have to move, and whose last turn has not ended. */
  readonly ending = new Set<string>();
  at = EMPTY;
  seen = 0;

  constructor(siloId: string) {
    this.siloId = siloId;
    this.handoff = new Handoff(siloId, EMPTY);
  }

  adopt(view: Placement, passed: readonly Placement[] | undefined): void {
    this.at = view;
    this.handoff.setPlacement(view, passed);
    for (const id of this.active) {
      const address = { type: "Account", id };
      if (view.ownerOf(address)?.siloId === this.siloId) continue;
      this.handoff.hold(address);
      this.ending.add(id);
    }
  }
}

/**
 * Silos that see the views in order but may skip some, and releases that are delayed differently
 * from link to link. A silo that leaves a view is gone at that moment, as its lease guard sees to;
 * it comes back as another process, under another id.
 */
export class HandoffWorld {
  readonly #views: Placement[] = [EMPTY];
  /** The process that has each place at the moment. */
  readonly #silos = new Map<string, SimulatedSilo>();
  readonly #links = new Map<string, ReleasedEnvelope[]>();
  #starts = 0;

  /** Two silos have been active for long. */
  constructor() {
    for (const place of ["a", "b"]) for (let count = 0; count < 2; count++) this.change(place);
    this.settle();
  }

  /**
   * The next state of the silo at this place: one that is not there starts, and one that drains for
   * long leaves.
   */
  change(place: string): void {
    const silo = this.#silos.get(place) ?? new SimulatedSilo(`${place}${this.#starts++}`);
    this.#silos.set(place, silo);
    const state = this.#last.member(silo.siloId)?.state;
    const next = state === undefined ? "joining" : state === "joining" ? "active" : "draining";
    this.#next({ ...this.#states, [silo.siloId]: next });
  }

  /** The silo is gone: it has left, or its lease is over. */
  leave(place: string): void {
    const silo = this.#silos.get(place);
    if (silo === undefined) return;
    this.#silos.delete(place);
    const { [silo.siloId]: _, ...others } = this.#states;
    this.#next(others);
  }

  /** `knows` is whether a silo that skips views is told which. */
  adopt(place: string, skip: boolean, knows: boolean): void {
    const silo = this.#silos.get(place);
    if (silo === undefined) return;
    const next = skip ? this.#views.length - 1 : Math.min(silo.seen + 1, this.#views.length - 1);
    const view = this.#views[next];
    if (view === undefined || next <= silo.seen) return;
    const from = silo.seen;
    silo.seen = next;
    // What it sees of the time before its start is not for it.
    if (view.member(silo.siloId) === undefined) return;
    const isFirst = silo.at === EMPTY;
    const isKnown = !isFirst && (knows || next === from + 1);
    silo.adopt(view, isKnown ? this.#views.slice(from + 1, next) : undefined);
    this.#announce(silo);
  }

  end(place: string, pick: number): void {
    const silo = this.#silos.get(place);
    const id =
      silo === undefined ? undefined : [...silo.ending][pick % Math.max(1, silo.ending.size)];
    if (silo === undefined || id === undefined) return;
    silo.ending.delete(id);
    silo.active.delete(id);
    if (silo.handoff.letGo({ type: "Account", id })) this.#announce(silo);
  }

  deliver(from: string, to: string, count: number): void {
    const [sender, receiver] = [this.#silos.get(from), this.#silos.get(to)];
    if (sender === undefined || receiver === undefined) return;
    for (const envelope of this.#link(sender, receiver).splice(0, count))
      receiver.handoff.setReleased(sender.siloId, envelope);
  }

  /** Every silo activates whatever it may. */
  activateAll(): void {
    for (const silo of this.#silos.values()) {
      for (const address of ACTORS) {
        if (silo.active.has(address.id) || silo.at.ownerOf(address)?.siloId !== silo.siloId)
          continue;
        if (silo.handoff.mayActivate(address)) silo.active.add(address.id);
      }
    }
  }

  check(): void {
    for (const { id } of ACTORS) {
      const holders = [...this.#silos.values()]
        .filter(({ active }) => active.has(id))
        .map(({ siloId }) => siloId);
      if (holders.length > 1) throw new Error(`${id} is active on ${holders.join(" and ")}`);
    }
  }

  /**
   * All have the last view, all turns have ended, all releases have arrived: then every actor may
   * live at its owner's.
   */
  settle(): void {
    for (const place of PLACES) this.adopt(place, true, false);
    for (const silo of this.#silos.values()) {
      for (const place of PLACES)
        while (this.#silos.get(place) === silo && silo.ending.size > 0) this.end(place, 0);
    }
    for (const from of PLACES)
      for (const to of PLACES) this.deliver(from, to, Number.POSITIVE_INFINITY);
    this.activateAll();
    this.check();
    for (const silo of this.#silos.values()) {
      const isOwned = (address: (typeof ACTORS)[number]): boolean =>
        silo.at.ownerOf(address)?.siloId === silo.siloId;
      expect([...silo.active].toSorted()).toEqual(
        ACTORS.filter(isOwned)
          .map(({ id }) => id)
          .toSorted(),
      );
    }
  }

  #next(states: Readonly<Record<string, MemberState>>): void {
    this.#views.push(placement(this.#views.length, states));
  }

  get #states(): Record<string, MemberState> {
    return Object.fromEntries(this.#last.view.members.map(({ siloId, state }) => [siloId, state]));
  }

  get #last(): Placement {
    return this.#views.at(-1) ?? EMPTY;
  }

  /** Links are there from the start, and a release that nobody listens to yet waits in them. */
  #announce(silo: SimulatedSilo): void {
    const { release } = silo.handoff;
    if (release === undefined) return;
    for (const other of this.#silos.values())
      if (other !== silo) this.#link(silo, other).push(release);
  }

  /** A new link begins with what its sender has released. */
  #link(from: SimulatedSilo, to: SimulatedSilo): ReleasedEnvelope[] {
    const name = `${from.siloId}>${to.siloId}`;
    const { release } = from.handoff;
    const link = this.#links.get(name) ?? (release === undefined ? [] : [release]);
    this.#links.set(name, link);
    return link;
  }
}

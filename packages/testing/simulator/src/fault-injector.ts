import type { History } from "./history.ts";
import { Rollout } from "./rollout.ts";
import { describeFault, type Fault, type TimedFault } from "./script.ts";
import type { ServiceFault, SimService } from "./sim-service.ts";
import type { SimSlot } from "./sim-slot.ts";
import type { Equipped, SimWorld } from "./sim-world.ts";

export interface FaultInjectorParts {
  readonly world: SimWorld;
  readonly slots: readonly SimSlot[];
  readonly clients: readonly Equipped[];
  readonly leaseTtlMs: number;
  /** No silo is replaced any more after this time. */
  readonly durationMs: number;
}

/** Does to a run what its script says. */
export class FaultInjector {
  readonly #parts: FaultInjectorParts;
  readonly #history: History;
  readonly #rollout: Rollout;

  constructor(parts: FaultInjectorParts) {
    this.#parts = parts;
    this.#rollout = new Rollout(parts.world, parts.slots, parts.durationMs);
    this.#history = parts.world.history;
  }

  schedule(faults: readonly TimedFault[]): void {
    for (const { at, fault } of faults)
      this.#parts.world.clock.schedule(at, () => this.#apply(fault));
  }

  #apply(fault: Fault): void {
    const { world } = this.#parts;
    world.trace.add("fault", describeFault(fault));
    switch (fault.kind) {
      case "start":
        return this.#parts.slots[fault.slot]?.start();
      case "stop":
        return this.#stop(fault.slot);
      case "kill":
      case "blackout":
        return this.#kill(fault);
      case "killAtEffect":
        return this.#killAtEffect(fault);
      case "pause":
        return this.#pause(this.#processOf(fault.slot), fault.ms);
      case "pauseAtEffect":
        return this.#pauseAtEffect(fault);
      case "cut":
        return this.#cut(fault);
      case "breakLink":
        return this.#breakLink(fault.one, fault.other);
      case "membership":
        return this.#membership(fault);
      case "stores":
        return this.#stores(fault);
      case "wipe":
        return this.#wipe(fault);
      case "deploy":
        return void this.#rollout.deploy(fault);
      case "jumpWall":
        return this.#processOf(fault.slot)?.process.clock.jumpWall(fault.ms);
    }
  }

  /** Never the last one: without it there is nobody who could serve. */
  #stop(slot: number): void {
    const others = this.#parts.slots.filter((other) => other.serves && other.index !== slot);
    if (others.length > 0) this.#parts.slots[slot]?.stop();
  }

  #kill(fault: Extract<Fault, { kind: "kill" | "blackout" }>): void {
    const slot = this.#parts.slots[fault.slot];
    if (slot?.current === undefined) return;
    this.#window(describeFault(fault), fault.restartMs);
    slot.kill({ restartMs: fault.restartMs, silent: fault.kind === "blackout" });
  }

  #killAtEffect(fault: Extract<Fault, { kind: "killAtEffect" }>): void {
    const slot = this.#parts.slots[fault.slot];
    const { left, side, restartMs } = fault;
    slot?.current?.process.arm({
      left,
      side,
      blow: () => {
        this.#window(describeFault(fault), restartMs);
        slot.kill({ restartMs, silent: false });
      },
    });
  }

  #pause(equipped: Equipped | undefined, ms: number): void {
    if (equipped === undefined || equipped.process.state !== "running") return;
    this.#window(`pause of ${equipped.process.name}`, ms);
    this.#parts.world.pause(equipped.process);
    this.#parts.world.clock.schedule(ms, () => this.#parts.world.resume(equipped.process));
  }

  #pauseAtEffect({ slot, left, side, ms }: Extract<Fault, { kind: "pauseAtEffect" }>): void {
    const equipped = this.#processOf(slot);
    equipped?.process.arm({ left, side, blow: () => this.#pause(equipped, ms) });
  }

  #cut(fault: Extract<Fault, { kind: "cut" }>): void {
    const { network, clock } = this.#parts.world;
    const from = this.#processOf(fault.from)?.process.name;
    const to = this.#processOf(fault.to)?.process.name;
    if (from === undefined || to === undefined || from === to) return;
    this.#window(describeFault(fault), fault.ms);
    network.cut(from, to);
    if (fault.bothWays) network.cut(to, from);
    clock.schedule(fault.ms, () => {
      network.heal(from, to);
      if (fault.bothWays) network.heal(to, from);
    });
  }

  #breakLink(one: number, other: number): void {
    const names = [this.#processOf(one)?.process.name, this.#processOf(other)?.process.name];
    if (names[0] === undefined || names[1] === undefined) return;
    this.#window(`break of the link of ${names.join(" and ")}`, 0);
    this.#parts.world.network.breakLinks(names[0], names[1]);
  }

  #membership(fault: Extract<Fault, { kind: "membership" }>): void {
    const { membershipService } = this.#parts.world;
    const affected = this.#affected(fault.slot);
    this.#trouble(membershipService, fault, affected);
    if (fault.how !== "away") return;
    for (const { membership } of affected) membership.cutOff();
    this.#parts.world.clock.schedule(fault.ms, () => {
      for (const { membership, process } of affected)
        if (!membershipService.isAwayFor(process)) membership.reconnect();
    });
  }

  #wipe(fault: Extract<Fault, { kind: "wipe" }>): void {
    const { world, leaseTtlMs } = this.#parts;
    if (world.registry.wasWiped) return;
    this.#window(describeFault(fault), leaseTtlMs);
    world.registry.wipe();
  }

  #stores(fault: Extract<Fault, { kind: "stores" }>): void {
    const { storeService, indexService } = this.#parts.world;
    const affected = this.#affected(fault.slot);
    if (fault.how !== "held") this.#trouble(storeService, fault, affected);
    this.#trouble(indexService, fault, affected);
  }

  #trouble(
    service: SimService,
    fault: Extract<Fault, { kind: "membership" | "stores" }>,
    affected: readonly Equipped[],
  ): void {
    if (affected.length === 0) return;
    this.#window(describeFault(fault), fault.ms);
    // Those that start while it is full find it full as well.
    const names = fault.how === "full" ? [undefined] : affected.map(({ process }) => process.name);
    const troubles = names.map((name): ServiceFault => ({ process: name, kind: fault.how }));
    for (const trouble of troubles) service.faults.add(trouble);
    this.#parts.world.clock.schedule(fault.ms, () => {
      for (const trouble of troubles) service.faults.delete(trouble);
    });
  }

  #affected(slot: number | undefined): Equipped[] {
    if (slot !== undefined) return [this.#processOf(slot)].filter((found) => found !== undefined);
    const { slots, clients } = this.#parts;
    return [...slots.map(({ current }) => current), ...clients].filter(
      (found) => found !== undefined,
    );
  }

  /** Of a slot, or of a client if it is negative. */
  #processOf(index: number): Equipped | undefined {
    const { slots, clients } = this.#parts;
    return index < 0 ? clients[-1 - index] : slots[index]?.current;
  }

  #window(what: string, ms: number): void {
    const { now } = this.#history;
    this.#history.faults.push({ what, from: now, until: now + ms });
  }
}

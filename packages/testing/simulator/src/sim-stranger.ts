import {
  type Hello,
  type Link,
  type Member,
  PROTOCOL_VERSION,
  type Scheduled,
  type Transport,
} from "@troupe/core";
import { Dice } from "./dice.ts";
import { forge } from "./forged-envelopes.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimWorld } from "./sim-world.ts";

/** The name of its process, by which mutations know it. */
export const STRANGER = "stranger";

/** Milliseconds between two of its envelopes, at most. */
const PAUSE_MS = 120;

/**
 * A process that may be a client, and behaves as none would: it dials the silos and sends them what
 * is forged, for as long as the faults last. The cluster is to keep every guarantee beside it.
 */
export class SimStranger {
  readonly #world: SimWorld;
  readonly #dice: Dice;
  readonly #process: SimProcess;
  readonly #transport: Transport;
  readonly #clientIds: () => readonly string[];
  readonly #links = new Map<string, Link>();
  #timer: Scheduled | undefined;
  #ended = false;

  constructor(world: SimWorld, clientIds: () => readonly string[]) {
    this.#world = world;
    this.#dice = new Dice(world.stream());
    this.#process = world.createProcess(STRANGER).process;
    this.#transport = world.network.transportOf(this.#process);
    this.#clientIds = clientIds;
  }

  start(): void {
    this.#timer = this.#world.clock.schedule(this.#dice.between(1, PAUSE_MS), () => {
      this.#act();
      this.start();
    });
  }

  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    for (const link of this.#links.values()) link.close("the stranger goes");
  }

  #act(): void {
    const { members } = this.#world.registry.view;
    const member = members[this.#dice.below(members.length)];
    if (member === undefined || this.#process.state !== "running") return;
    const link = this.#links.get(member.siloId);
    if (link === undefined) return this.#dial(member, members);
    link.send(
      forge(this.#dice, {
        now: this.#process.clock.monotonic(),
        revision: this.#world.registry.view.revision,
        siloIds: members.map(({ siloId }) => siloId),
        clientIds: this.#clientIds(),
      }),
    );
  }

  /** As a client, sometimes under the id of a silo. */
  #dial({ siloId, address }: Member, members: readonly Member[]): void {
    const other = members[this.#dice.below(members.length)]?.siloId ?? "";
    const peerId = this.#dice.chance(0.3) && other !== siloId ? other : `client-${STRANGER}`;
    const hello: Hello = {
      protocol: PROTOCOL_VERSION,
      cluster: "simulated",
      role: "client",
      peerId,
    };
    const accept = (link: Link): { onEnvelope(): void; onClose(): void } => {
      this.#links.set(siloId, link);
      if (this.#ended) link.close("the stranger has gone");
      return { onEnvelope() {}, onClose: () => void this.#links.delete(siloId) };
    };
    // Nobody waits for it: it is dialled again when it is needed.
    this.#transport.connect(address, hello, accept).catch(() => undefined);
  }
}

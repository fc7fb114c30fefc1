import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Authentication,
  type Envelope,
  type Hello,
  type Link,
  PROTOCOL_VERSION,
  silentLogger,
  systemClock,
} from "@troupe/core";
import { createGrpcTransport } from "@troupe/grpc";
import { Actor, actor, readonly, reminder, state } from "@troupe/sdk";
import { realTime } from "@troupe/testkit";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Cluster, connect } from "./connect.ts";
import { type Silo, startSilo } from "./start-silo.ts";

/**
 * Envelopes that the stranger sends. Another seed is another test: it is printed when one fails.
 */
const ENVELOPES = 1_500;
const SEED = Number(process.env["TROUPE_FUZZ_SEED"] ?? 20_261_126);

const TOKENS = { silo: "the silos' own", client: "for clients", operator: "for operators" };
const PURSES = 4;

@actor("Purse")
class Purse extends Actor {
  @state() accessor balance = 0;
  @state() accessor received: string[] = [];

  async pay(to: string, note: string): Promise<void> {
    this.balance -= 1;
    this.send(Purse, to).receive(note);
  }

  async receive(note: string): Promise<void> {
    this.balance += 1;
    this.received.push(note);
  }

  @readonly() async read(): Promise<{ balance: number; received: string[] }> {
    return { balance: this.balance, received: this.received };
  }
}

@actor("Bell")
class Bell extends Actor {
  @state() accessor rung = 0;

  async set(): Promise<void> {
    await this.reminders.set("ring", { in: 1_500 });
  }

  @reminder("ring")
  async ring(): Promise<void> {
    this.rung += 1;
  }

  @readonly() async read(): Promise<number> {
    return this.rung;
  }
}

let folder: string;
let silos: Silo[];
let cluster: Cluster;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "troupe-fuzz-"));
  const options = { membership: `file:${folder}`, logger: silentLogger };
  const start = (): Promise<Silo> =>
    startSilo({ ...options, tokens: TOKENS, actors: [Purse, Bell] });
  silos = await Promise.all([start(), start()]);
  cluster = await connect({ ...options, tokens: { client: TOKENS.client } });
});

afterEach(async () => {
  await cluster.close();
  await Promise.all(silos.map((silo) => silo.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** Values that a field may be given, whatever it is. */
const NUMBERS = [0, 1, 7, -1, 1.5, 2 ** 53, Number.MAX_SAFE_INTEGER, Number.NaN, Infinity];
const NAMES = [
  "",
  "$silo",
  "$arrived",
  "$settled",
  "$died",
  "drain",
  "hasFoundGone",
  "Purse",
  "p0",
];
const KEYS = ["s:1000000:Purse/p0", "q:1000000:Purse/p1", "u:k", "a:client-1:7", "__proto__"];
const OTHERS = [null, undefined, true, false, [], {}, [[]], [1, 2, 3], { sender: "Purse/p0" }];
const LONG = "x".repeat(5_000);

const anything = fc.oneof(
  fc.constantFrom<unknown>(...NUMBERS, ...NAMES, ...KEYS, ...OTHERS, LONG),
  fc.string({ maxLength: 20 }),
  fc.integer(),
);
const purse = fc.nat(PURSES - 1).map((number) => `p${number}`);
const chain = fc.array(
  fc.record({ type: fc.constant("Purse"), id: purse, turn: fc.string({ maxLength: 30 }) }),
  { maxLength: 5 },
);

/** A request that harms nobody, before it is forged. */
const request = fc.record({
  kind: fc.constant("request"),
  callId: fc.nat(500),
  type: fc.constantFrom("Purse", "Purse", "Bell"),
  id: purse,
  method: fc.constantFrom("read", "read", "$letters", "$arrived", "$settled", "$reminder", "$drop"),
  args: fc.array(fc.oneof(fc.nat(5), fc.constant("Purse/p0")), { maxLength: 3 }).map((value) => ({
    value,
    revive: false,
    size: 10,
  })),
  deadline: fc.nat(5_000).map((left) => systemClock.monotonic() + left),
  revision: fc.oneof(fc.nat(9), fc.constant(Number.MAX_SAFE_INTEGER)),
  chain,
  oneWay: fc.boolean(),
  headers: fc.option(fc.dictionary(fc.string(), fc.string()), { nil: undefined }),
  idempotencyKey: fc.option(fc.constantFrom("u:k", "a:client-1:7"), { nil: undefined }),
  delivery: fc.option(
    fc.record({
      sender: purse.map((id) => `Purse/${id}`),
      seq: fc.nat(1_000_000),
      asks: fc.boolean(),
    }),
    { nil: undefined },
  ),
});
const others = fc.oneof(
  fc.record({
    kind: fc.constant("cancel"),
    callId: fc.nat(500),
    type: fc.constant("Purse"),
    id: purse,
  }),
  fc.record({ kind: fc.constant("released"), revision: fc.nat(99), holding: fc.constant([]) }),
  fc.record({ kind: fc.constantFrom("ping", "pong"), nonce: fc.nat() }),
  fc.record({
    kind: fc.constant("reply"),
    callId: fc.nat(500),
    outcome: fc.record({
      kind: fc.constantFrom("value", "error"),
      payload: fc.constant({ value: -666, revive: true, size: 3 }),
    }),
  }),
);

/** An envelope of which up to two fields are something else than they should be. */
const forged = fc
  .tuple(
    fc.oneof({ arbitrary: request, weight: 3 }, { arbitrary: others, weight: 1 }),
    fc.array(fc.tuple(fc.nat(), anything), { maxLength: 2 }),
  )
  .map(([envelope, changes]) => {
    const names = Object.keys(envelope).filter((name) => name !== "kind");
    const changed = changes.map(([at, value]) => [names[at % names.length], value]);
    const whole: unknown = { ...envelope, ...Object.fromEntries(changed) };
    return whole as Envelope;
  });

/** Somebody who may be a client, with a link to each silo that it opens again when it is ended. */
class Stranger implements AsyncDisposable {
  readonly #transport = createGrpcTransport({
    clock: systemClock,
    logger: silentLogger,
    authentication: new Authentication({
      cluster: "troupe",
      secrets: { client: TOKENS.client },
    }),
  });
  readonly #links = new Map<string, Link>();
  sent = 0;

  async send(address: string, envelope: Envelope): Promise<void> {
    const link = this.#links.get(address) ?? (await this.#dial(address));
    try {
      if (link.send(envelope) === "sent") this.sent++;
    } catch {
      // What cannot even be written is not sent.
      this.#links.delete(address);
    }
  }

  async #dial(address: string): Promise<Link> {
    const hello: Hello = {
      protocol: PROTOCOL_VERSION,
      cluster: "troupe",
      role: "client",
      peerId: "client-stranger",
    };
    const link = await this.#transport.connect(address, hello, () => ({
      onEnvelope() {},
      onClose: () => void this.#links.delete(address),
    }));
    this.#links.set(address, link);
    return link;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport.close();
  }
}

/** Calls of an honest client: payments by durable send, in order. */
async function payments(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const all = Array.from({ length: PURSES }, (_, number) =>
      cluster.actor(Purse, `p${number}`).pay(`p${(number + 1) % PURSES}`, `${number} ${round}`),
    );
    // oxlint-disable-next-line no-await-in-loop -- they are to last as long as the forgeries do.
    await Promise.all(all);
  }
}

function readPurses(): Promise<{ balance: number; received: string[] }[]> {
  const ids = Array.from({ length: PURSES }, (_, number) => `p${number}`);
  return Promise.all(ids.map((id) => cluster.actor(Purse, id).read()));
}

/** What was read last: when it holds, or after some seconds. */
async function readUntil<T>(read: () => Promise<T>, holds: (now: T) => boolean): Promise<T> {
  const end = systemClock.monotonic() + 15_000;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- the next look is another.
    const now = await read();
    if (holds(now) || systemClock.monotonic() > end) return now;
    // oxlint-disable-next-line no-await-in-loop
    await realTime.elapse(50);
  }
}

it(
  `keeps what it promises while who knows the clients' secret forges every field (seed ${SEED})`,
  { timeout: 120_000 },
  async () => {
    const rounds = 60;
    const paid = payments(rounds);
    await cluster.actor(Bell, "b").set();
    await using stranger = new Stranger();
    for (const [index, envelope] of fc
      .sample(forged, { numRuns: ENVELOPES, seed: SEED })
      .entries()) {
      const { address = "" } = silos[index % silos.length] ?? {};
      // oxlint-disable-next-line no-await-in-loop -- one after the other, over links that may end.
      await stranger.send(address, envelope);
      // oxlint-disable-next-line no-await-in-loop -- so that the silos answer in between.
      if (index % 20 === 0) await realTime.elapse(5);
    }
    await paid;
    expect(stranger.sent).toBeGreaterThan(ENVELOPES / 4);

    const purses = await readUntil(readPurses, (now) =>
      now.every(({ received }) => received.length >= rounds),
    );
    for (const [number, { balance, received }] of purses.entries()) {
      const from = (number + PURSES - 1) % PURSES;
      expect(received).toEqual(Array.from({ length: rounds }, (_, round) => `${from} ${round}`));
      expect(balance).toBe(0);
    }
    const readBell = (): Promise<number> => cluster.actor(Bell, "b").read();
    expect(await readUntil(readBell, (rung) => rung > 0)).toBe(1);
    expect(silos.map((silo) => silo.snapshot().state)).toEqual(["active", "active"]);
    expect(cluster.view.members).toHaveLength(2);
  },
);

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Mailbox, type MailboxEntry, type MailboxOwner } from "./mailbox.ts";

interface Entry extends MailboxEntry {
  readonly number: number;
}

let numbers = 0;

function entry(concurrency: Entry["concurrency"] = "exclusive", nested = false): Entry {
  return { number: numbers++, concurrency, nested, bytes: 10 };
}

/** An owner that always lets turns run and wait, but for what is given. */
function owner(
  given: Partial<MailboxOwner<Entry>> & Pick<MailboxOwner<Entry>, "startTurn">,
): MailboxOwner<Entry> {
  return {
    mailboxMax: 10,
    mailboxBytes: 1_000_000,
    timeToRun: () => 0,
    beginWait: () => undefined,
    endWait() {},
    ...given,
  };
}

function open(max = 10): { mailbox: Mailbox<Entry>; started: Entry[] } {
  const started: Entry[] = [];
  const mailbox = new Mailbox<Entry>(
    owner({
      mailboxMax: max,
      startTurn: (turn: Entry) => void started.push(turn),
    }),
  );
  mailbox.open();
  return { mailbox, started };
}

describe("a mailbox", () => {
  it("asks before each turn whether it may start, since the turn before may have outlasted the lease", () => {
    const started: Entry[] = [];
    let isServing = true;
    const mailbox: Mailbox<Entry> = new Mailbox<Entry>(
      owner({
        timeToRun: () => (isServing ? 0 : undefined),
        startTurn: (turn: Entry) => {
          started.push(turn);
          // It ends at once, after having kept the event loop busy for too long.
          isServing = false;
          mailbox.finish(turn);
        },
      }),
    );
    const turns = [entry(), entry()];
    for (const turn of turns) mailbox.post(turn, 0);
    mailbox.open();
    expect(started).toEqual(turns.slice(0, 1));
    isServing = true;
    mailbox.open();
    expect(started).toEqual(turns);
  });

  it("holds its turns until it is opened", () => {
    const started: Entry[] = [];
    const mailbox = new Mailbox<Entry>(
      owner({
        startTurn: (turn: Entry) => void started.push(turn),
      }),
    );
    const turns = [entry(), entry("interleave")];
    for (const turn of turns) expect(mailbox.post(turn, 0)).toBe("accepted");
    expect(started).toEqual([]);
    mailbox.open();
    expect(started).toEqual([turns[0], turns[1]]);
  });

  it("starts interleaving turns that came before it was opened at once, also behind exclusive ones", () => {
    const started: Entry[] = [];
    const mailbox = new Mailbox<Entry>(
      owner({
        startTurn: (turn: Entry) => void started.push(turn),
      }),
    );
    const [first, second, beside] = [entry(), entry(), entry("interleave")];
    for (const turn of [first, second, beside]) mailbox.post(turn, 0);
    mailbox.open();
    expect(started).toEqual([first, beside]);
  });

  it("refuses a turn when it is full, and takes one again when there is room", () => {
    const { mailbox } = open(1);
    const running = entry();
    mailbox.post(running, 0);
    expect(mailbox.post(entry(), 0)).toBe("accepted");
    expect(mailbox.post(entry(), 0)).toBe("full");
    expect(mailbox.post(entry("interleave"), 0)).toBe("accepted");
    mailbox.finish(running);
    expect(mailbox.post(entry(), 0)).toBe("accepted");
  });

  it("refuses a turn whose bytes have no room, and takes it again when others have left", () => {
    const started: Entry[] = [];
    const waiting = new Set<Entry>();
    const mailbox = new Mailbox<Entry>(
      owner({
        mailboxBytes: 25,
        startTurn: (turn) => void started.push(turn),
        beginWait: (turn) => void waiting.add(turn),
        endWait: (turn) => void waiting.delete(turn),
      }),
    );
    mailbox.open();
    const [running, second, third, fourth] = [entry(), entry(), entry(), entry()];
    for (const turn of [running, second, third]) expect(mailbox.post(turn, 0)).toBe("accepted");
    expect(mailbox.post(fourth, 0)).toBe("mailbox");
    expect(waiting).toEqual(new Set([second, third]));
    mailbox.remove((turn) => turn === third);
    expect(mailbox.post(fourth, 0)).toBe("accepted");
    mailbox.finish(running);
    expect(waiting).toEqual(new Set([fourth]));
    mailbox.close();
    expect(waiting.size).toBe(0);
  });

  it("refuses a turn that its owner has no room for", () => {
    const mailbox = new Mailbox<Entry>(owner({ startTurn() {}, beginWait: () => "link" }));
    mailbox.open();
    expect(mailbox.post(entry(), 0)).toBe("accepted");
    expect(mailbox.post(entry(), 0)).toBe("link");
    expect(mailbox.waiting).toBe(0);
  });

  it("lets a nested turn start beside the exclusive one that waits for it, also while it closes", () => {
    const { mailbox, started } = open();
    const outer = entry();
    const inner = entry("exclusive", true);
    mailbox.post(outer, 0);
    mailbox.close();
    expect(mailbox.post(inner, 0)).toBe("accepted");
    expect(started).toEqual([outer, inner]);
    expect(mailbox.post(entry(), 0)).toBe("closed");
    expect(mailbox.post(entry("interleave"), 0)).toBe("closed");
  });

  it("does not let a readonly turn overtake an exclusive one that waits", () => {
    const { mailbox, started } = open();
    const [reading, writing, later] = [entry("readonly"), entry(), entry("readonly")];
    for (const turn of [reading, writing, later]) mailbox.post(turn, 0);
    expect(started).toEqual([reading]);
    mailbox.finish(reading);
    expect(started).toEqual([reading, writing]);
    mailbox.finish(writing);
    expect(started).toEqual([reading, writing, later]);
  });

  it("starts each turn once when turns finish while they are being started", () => {
    const started: number[] = [];
    const mailbox: Mailbox<Entry> = new Mailbox<Entry>(
      owner({
        mailboxMax: 1_000,
        startTurn: (turn: Entry) => {
          started.push(turn.number);
          mailbox.finish(turn);
        },
      }),
    );
    const turns = Array.from({ length: 500 }, () => entry());
    for (const turn of turns) mailbox.post(turn, 0);
    mailbox.open();
    expect(started).toEqual(turns.map(({ number }) => number));
    expect(mailbox.running).toBe(0);
  });

  it("keeps MBX-1 to MBX-4 whatever is posted, finished, removed and closed", () => {
    const post = fc.record({
      kind: fc.constant("post" as const),
      concurrency: fc.constantFrom(
        "exclusive" as const,
        "readonly" as const,
        "interleave" as const,
      ),
      nested: fc.boolean(),
    });
    const other = fc.record({
      kind: fc.constantFrom("finish" as const, "remove" as const, "open" as const),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: post }, { weight: 2, arbitrary: other }), {
          maxLength: 80,
        }),
        (steps) => {
          const model = new Model();
          for (const step of steps) {
            if (step.kind === "post")
              model.post(entry(step.concurrency, step.nested && model.running.size > 0));
            else if (step.kind === "finish") model.finish(step.pick);
            else if (step.kind === "remove") model.remove(step.pick);
            else model.mailbox.open();
          }
          model.close();
        },
      ),
      { numRuns: 300 },
    );
  });
});

const MAX = 5;

/** What a mailbox was told to do, and what must hold of what it does. */
class Model {
  readonly running = new Set<Entry>();
  /** Accepted and neither started, removed nor given back. */
  readonly #waiting: Entry[] = [];
  readonly mailbox = new Mailbox<Entry>(
    owner({
      mailboxMax: MAX,
      startTurn: (turn: Entry) => this.#start(turn),
    }),
  );

  post(turn: Entry): void {
    this.#waiting.push(turn);
    const result = this.mailbox.post(turn, 0);
    expect(this.mailbox.waiting).toBeLessThanOrEqual(MAX);
    if (result === "accepted") return;
    expect(result).toBe("full");
    expect(this.mailbox.waiting).toBe(MAX);
    this.#waiting.splice(this.#waiting.indexOf(turn), 1);
  }

  finish(pick: number): void {
    const turn = [...this.running][pick % Math.max(1, this.running.size)];
    if (turn === undefined) return;
    this.running.delete(turn);
    this.mailbox.finish(turn);
    expect(this.mailbox.running).toBe(this.running.size);
  }

  remove(pick: number): void {
    const turn = this.#waiting[pick % Math.max(1, this.#waiting.length)];
    if (turn === undefined) return;
    this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    expect(this.mailbox.remove((other) => other === turn)).toBe(turn);
  }

  close(): void {
    expect(this.mailbox.close()).toEqual(this.#waiting);
    for (const turn of Array.from(this.running)) this.mailbox.finish(turn);
    expect(this.mailbox.running).toBe(0);
  }

  #start(turn: Entry): void {
    const index = this.#waiting.indexOf(turn);
    expect(index).toBeGreaterThanOrEqual(0);
    const isBeside = turn.nested || turn.concurrency === "interleave";
    // MBX-2, for those that have to keep their order.
    if (!isBeside)
      expect(
        this.#waiting
          .slice(0, index)
          .filter((other) => !other.nested && other.concurrency !== "interleave"),
      ).toEqual([]);
    this.#waiting.splice(index, 1);
    this.running.add(turn);
    const inOrder = [...this.running].filter(
      (other) => !other.nested && other.concurrency !== "interleave",
    );
    // MBX-1.
    const exclusive = inOrder.filter(({ concurrency }) => concurrency === "exclusive").length;
    expect(exclusive === 0 || inOrder.length === 1).toBe(true);
  }
}

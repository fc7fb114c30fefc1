import { NativeRun, type NativeRunParts } from "../executor/native-run.ts";
import type { Episode } from "../machine/episode.ts";
import { type Numbered, RunMachine } from "../machine/run-machine.ts";

/** A run whose code stands where its history ends. */
export class LiveRun {
  readonly native: NativeRun;
  readonly machine = new RunMachine();

  constructor(parts: NativeRunParts) {
    this.native = new NativeRun(parts);
  }

  /** Drives the code by what the machine has for it, and gives what the code wants. */
  async drive(episode: number): Promise<Numbered[]> {
    const { machine } = this;
    const facts = { now: machine.now, episode, isReplay: false };
    const accepted: Numbered[] = [];
    for (let next = machine.next(); next !== undefined; next = machine.next()) {
      // oxlint-disable-next-line no-await-in-loop -- one delivery after the other.
      accepted.push(...machine.accept(await this.native.drive(next, facts)));
    }
    return accepted;
  }

  /**
   * Does again what an episode says, and gives what the code wants now. `isAgain` if the calls that
   * are not answered are to be made again.
   */
  async replay(
    { input, at, commands }: Episode,
    { episode, isAgain }: { readonly episode: number; readonly isAgain: boolean },
  ): Promise<Episode["commands"]> {
    const { machine, native } = this;
    machine.apply(input, at);
    const facts = { now: machine.now, episode, isReplay: true, stored: commands };
    const seen = [];
    for (let next = machine.next(); next !== undefined; next = machine.next()) {
      // oxlint-disable-next-line no-await-in-loop -- one delivery after the other.
      const given = await native.drive(next, facts);
      // The machine takes what is stored, because the times of that hold.
      machine.accept(commands.slice(seen.length, seen.length + given.length));
      seen.push(...given);
    }
    native.table.forgetMade(isAgain ? machine.pending : undefined);
    machine.takeLeftChildren();
    return seen;
  }
}

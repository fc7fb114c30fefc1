import type { ActorAddress, Commit, CommitResult } from "@troupe/core";
import { FLOW_TYPE } from "./flow-actors.ts";
import type { FlowJournal } from "./flow-journal.ts";
import { PassingStates, type StateTruth } from "./mutant-stores.ts";

/** Tells the journal what is stored of runs. */
export class FlowStates extends PassingStates {
  readonly #journal: FlowJournal;

  constructor(states: StateTruth, journal: FlowJournal) {
    super(states);
    this.#journal = journal;
  }

  override commit(address: ActorAddress, commit: Commit): CommitResult {
    const result = super.commit(address, commit);
    if (result.kind === "stored" && address.type === FLOW_TYPE)
      this.#journal.stored(address.id, commit);
    return result;
  }
}

import { workflow } from "@troupe/workflow";
import type { Silo } from "troupe";
import { Chain, ChainByHand, LINKS } from "../actors/flows.ts";

/** The same work as a workflow and as turns of an actor. Each call is one whole run of it. */
export class Chains {
  readonly #silo: Silo;
  #runs = 0;

  constructor(silo: Silo) {
    this.#silo = silo;
  }

  async asWorkflow(): Promise<void> {
    const run = workflow(this.#silo, Chain, `chain-${++this.#runs}`);
    await run.start();
    check(await run.result());
  }

  async byHand(): Promise<void> {
    const chain = this.#silo.actor(ChainByHand, `chain-${++this.#runs}`);
    await chain.begin();
    let done = 0;
    while (done < LINKS) done = await chain.link();
    check(done);
  }
}

function check(done: number): void {
  if (done !== LINKS) throw new Error(`a chain has ${done} links, and not ${LINKS}`);
}

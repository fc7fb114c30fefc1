import { formatAddress, TroupeError } from "@troupe/core";
import type { ActorHost, CallOptions, PartHost, SiloHost, UntypedActorRef } from "@troupe/sdk";
import type { NativeRunParts } from "../executor/native-run.ts";
import type { StepContext } from "../executor/step-options.ts";
import { FOREIGN_TURN } from "./flow-turns.ts";
import type { RunRecord } from "./run-record.ts";
import {
  allHavePatch,
  versionForNew,
  versionOffer,
  type WorkflowProgram,
  type WorkflowPrograms,
} from "./workflow-program.ts";

/** An attempt without a timeout of its own takes no longer. */
const ACTIVITY_TIMEOUT = "1d";

/** Which code runs one run on this silo. */
export class RunCode {
  readonly #host: PartHost;
  readonly #silo: SiloHost;
  readonly #programs: WorkflowPrograms;
  /** Who calls activities. It is there before the first turn. */
  actor: ActorHost | undefined;

  constructor(host: PartHost, silo: SiloHost, programs: WorkflowPrograms) {
    this.#host = host;
    this.#silo = silo;
    this.#programs = programs;
  }

  /** The version with which a run begins now (VERS-1). */
  get newVersion(): number {
    return versionForNew(this.#programs, this.#silo, this.#host.address.type);
  }

  /** The code of the run's version, if this silo has it, else the silo's current one. */
  programOf(record: RunRecord | undefined): WorkflowProgram {
    const { current, byVersion } = this.#programs;
    return byVersion.get(record?.version ?? current.version) ?? current;
  }

  /** Throws `VERSION_MISSING` if this silo does not have the version that the run began with. */
  check(record: RunRecord | undefined): void {
    const { version: own } = this.programOf(record);
    const { version = own } = record ?? {};
    if (version === own) return;
    const { address } = this.#host;
    const offer = versionOffer(version);
    const others = [...this.#silo.offersOf(address.type)].filter(([, has]) => has.includes(offer));
    const where = others.map(([siloId]) => siloId).join(", ") || "no silo";
    const message = `${formatAddress(address)} began with version ${version}, and silo ${this.#silo.siloId} has version ${own} only; version ${version} is on: ${where}. Deploy it beside the new one, in versions of the definition`;
    throw new TroupeError("VERSION_MISSING", message);
  }

  /** What the run's code needs to live. */
  partsOf(record: RunRecord | undefined): NativeRunParts & { readonly program: WorkflowProgram } {
    const { address, makeReference, log } = this.#host;
    const program = this.programOf(record);
    return {
      address,
      program,
      makeReference,
      earlierIds: record?.earlierIds ?? [],
      log,
      hasPatch: (name) => allHavePatch(program, name, this.#silo, address.type),
      runActivity: (name, input, step) => this.#runActivity(name, input, step),
      onForeign: (error) => void this.#host.runTurn(FOREIGN_TURN, [error.detail]),
    };
  }

  /** The signal goes along: when it is aborted, so is that of the activity. */
  async #runActivity(name: string, input: unknown, step: StepContext): Promise<unknown> {
    const { signal, ...rest } = step;
    const options: CallOptions = { signal, timeout: ACTIVITY_TIMEOUT };
    const worker = this.actor?.worker(name, options) as UntypedActorRef | undefined;
    return await worker?.run?.(input, rest);
  }
}

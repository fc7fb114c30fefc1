import {
  type ActorAddress,
  type RequestEnvelope,
  type StateStore,
  TroupeError,
} from "@troupe/core";
import {
  type ActorReport,
  type AdminCaller,
  importRequest,
  type ImportResult,
  type OperatorTurn,
  unpackFields,
} from "@troupe/sdk";
import type { OwnerAnswers } from "../routing/dispatcher.ts";
import type { ActorImport } from "./actor-import.ts";
import { type ReportedActivation, reportOn } from "./actor-report.ts";
import type { ImportSlices } from "./import-slices.ts";

const SHOW = "$show";
const IMPORT = "$import";

/**
 * What operators ask of the silo that owns an actor. An import tells the log itself, once, so it
 * counts as looking here.
 */
export const OWNER_QUESTIONS: ReadonlyMap<string, OperatorTurn> = new Map([
  [SHOW, "looks"],
  [IMPORT, "looks"],
]);

export interface OwnerDeskParts {
  readonly siloId: string;
  readonly stateStore: StateStore;
  readonly import: ActorImport;
  readonly slices: ImportSlices;
  activationOf(address: ActorAddress): ReportedActivation | undefined;
  readonly partName: (field: string) => string;
  /** Milliseconds of the monotonic clock. */
  now(): number;
}

/** Answers in an actor's place, without waking it. */
export class OwnerDesk implements OwnerAnswers {
  readonly #parts: OwnerDeskParts;

  constructor(parts: OwnerDeskParts) {
    this.#parts = parts;
  }

  asks(method: string): boolean {
    return OWNER_QUESTIONS.has(method);
  }

  isHeld(address: ActorAddress): boolean {
    return this.#parts.import.isHeld(address);
  }

  async answer(
    { type, id, method }: RequestEnvelope,
    [argument]: readonly unknown[],
    caller: AdminCaller,
  ): Promise<ActorReport | ImportResult> {
    const address = { type, id };
    if (method === SHOW) return this.#show(address);
    if (method === IMPORT) return this.#import(address, argument, caller);
    throw new TroupeError("INTERNAL", `nobody answers ${method}`);
  }

  async #show(address: ActorAddress): Promise<ActorReport> {
    const { siloId, stateStore, partName } = this.#parts;
    const stored = await stateStore.read(address, "");
    const activation = this.#parts.activationOf(address);
    return reportOn({ address, siloId, stored, activation, partName, now: this.#parts.now() });
  }

  async #import(
    address: ActorAddress,
    argument: unknown,
    { peerId, name }: AdminCaller,
  ): Promise<ImportResult> {
    const request = importRequest.read(argument, IMPORT);
    const bytes = this.#parts.slices.take(peerId, address, request);
    if (bytes === undefined) return "more";
    const { exportId, epoch, replace, resume } = request;
    const actor = { exportId, epoch, replace, resume, fields: unpackFields(bytes) };
    return this.#parts.import.import(address, actor, name);
  }
}

import type { ActorDefinition, SiloHost } from "@troupe/sdk";
import { createHash } from "node:crypto";
import type { Program } from "../executor/native-run.ts";

/** What is known of the code of one version of a workflow type. */
export interface WorkflowProgram extends Program {
  readonly version: number;
  /** Changes with the code, as far as its text shows. */
  readonly digest: string;
}

/**
 * The versions of one workflow type that a silo has.
 *
 * VERS-1. A run stays on the version that it began with. It begins with the highest one that every
 *         silo which hosts the type has, as far as the view of the owner says (W10).
 * VERS-2. A patch takes effect in a run only when every such silo has it.
 */
export interface WorkflowPrograms {
  /** The one that the definition itself has. */
  readonly current: WorkflowProgram;
  readonly byVersion: ReadonlyMap<number, WorkflowProgram>;
}

const programs = new WeakMap<ActorDefinition, WorkflowPrograms>();

/** From now on actors of this definition are runs of these programs. */
export function setPrograms(definition: ActorDefinition, all: WorkflowPrograms): void {
  programs.set(definition, all);
}

/** The programs of a workflow type; undefined for any other type. */
export function programsOf(definition: ActorDefinition): WorkflowPrograms | undefined {
  return programs.get(definition);
}

/** A short text that is another one for other code. */
export function codeDigest(code: string, version: number): string {
  return createHash("sha256").update(`${version} ${code}`).digest("hex").slice(0, 8);
}

/** What a silo says to the others of a workflow type that it hosts. */
export function offersOf({ current, byVersion }: WorkflowPrograms): string[] {
  return [
    ...[...byVersion.keys()].map(versionOffer),
    ...[...(current.patches ?? [])].map((name) => patchOffer(current.version, name)),
  ];
}

/** VERS-1 */
export function versionForNew(
  { current, byVersion }: WorkflowPrograms,
  silo: SiloHost,
  type: string,
): number {
  const own = [...byVersion.keys()].toSorted((one, other) => other - one);
  return own.find((version) => allOffer(silo, type, versionOffer(version))) ?? current.version;
}

/** VERS-2 */
export function allHavePatch(
  { version }: WorkflowProgram,
  name: string,
  silo: SiloHost,
  type: string,
): boolean {
  return allOffer(silo, type, patchOffer(version, name));
}

function allOffer(silo: SiloHost, type: string, offer: string): boolean {
  return silo
    .offersOf(type)
    .values()
    .every((offers) => offers.includes(offer));
}

/** How a silo says that it has a version. */
export function versionOffer(version: number): string {
  return `version ${version}`;
}

function patchOffer(version: number, name: string): string {
  return `patch ${version} ${name}`;
}

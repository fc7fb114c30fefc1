import { createHash } from "node:crypto";
import type { ActorDefinition } from "@troupe/sdk";
import type { Program } from "../executor/native-run.ts";

/** What is known of the code of a workflow type. */
export interface WorkflowProgram extends Program {
  readonly version: number;
  /** Changes with the code, as far as its text shows. */
  readonly digest: string;
}

const programs = new WeakMap<ActorDefinition, WorkflowProgram>();

/** From now on actors of this definition are runs of the program. */
export function setProgram(definition: ActorDefinition, program: WorkflowProgram): void {
  programs.set(definition, program);
}

/** The program of a workflow type; undefined for any other type. */
export function programOf(definition: ActorDefinition): WorkflowProgram | undefined {
  return programs.get(definition);
}

/** A short text that is another one for other code. */
export function codeDigest(code: string, version: number): string {
  return createHash("sha256").update(`${version} ${code}`).digest("hex").slice(0, 8);
}

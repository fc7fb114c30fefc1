import type { ActorDefinition, ActorType } from "../actor-definition.ts";
import type { AdminMethod } from "./admin-method.ts";
import type { DurablePart } from "./durable-part.ts";
import type { SiloHost, SiloService } from "./silo-service.ts";

/**
 * A feature that is added to silos from outside: `startSilo({ extensions: [myFeature()] })`.
 *
 * All silos of a cluster have to have the same extensions, because any of them may become the owner
 * of an actor that a part is stored with.
 */
export interface Extension {
  readonly name: string;
  /**
   * Actor types of the feature's own, which the silo hosts as well. It is given the types that the
   * silo's program names, by name. Called once.
   */
  types?(definitions: ReadonlyMap<string, ActorDefinition>): readonly ActorType[];
  /** Called once for each silo session. */
  parts?(silo: SiloHost): readonly DurablePart[];
  /** Called once for each silo session, after all parts are known. */
  services?(silo: SiloHost): readonly SiloService[];
  /** What a silo answers to operators besides the contract. Called once for each silo session. */
  adminMethods?(silo: SiloHost): readonly AdminMethod[];
}

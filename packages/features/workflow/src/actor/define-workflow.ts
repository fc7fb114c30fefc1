import { shownValue, TroupeError } from "@troupe/core";
import { type ActorDefinition, defineBehaviour } from "@troupe/sdk";
import type { Program } from "../executor/native-run.ts";
import type { EventTypes, WorkflowContext } from "../executor/workflow-context.ts";
import { WAKE } from "./run-upkeep.ts";
import { WorkflowActor } from "./workflow-actor.ts";
import { workflowExtension } from "./workflow-part.ts";
import {
  codeDigest,
  offersOf,
  programsOf,
  setPrograms,
  type WorkflowProgram,
  type WorkflowPrograms,
} from "./workflow-program.ts";

/** What a workflow is. */
export interface WorkflowOptions<
  Input,
  Output,
  Events extends EventTypes,
  Status,
  Patch extends string = never,
> {
  /** The name of the type, as that of an actor type. */
  readonly name: string;
  /** Number of this version of the code, a whole number of at least 1. Default: 1. */
  readonly version?: number;
  /**
   * Earlier versions of the workflow, for runs that began with them. A run stays on its version,
   * and new ones begin with the highest version that every silo has.
   */
  readonly versions?: readonly ActorDefinition[];
  /** Names of changes within this version; see `ctx.patched`. */
  readonly patches?: readonly Patch[];
  /** What can be sent to a run, by name. Default: nothing. */
  readonly events?: Events;
  /** What `ctx.status` takes: `status: "" as "paying" | "shipping"`. Only its type counts. */
  readonly status?: Status;
  /**
   * The code of a run. All that it waits for, and all that it knows of the world, comes from `ctx`.
   */
  run(this: void, ctx: WorkflowContext<Events, Status, Patch>, input: Input): Promise<Output>;
}

/** A workflow type: what `startSilo({ actors: [Order] })` hosts, and `workflow` refers to. */
export interface Workflow<
  Input,
  Output,
  Events extends EventTypes,
  Status,
> extends ActorDefinition {
  /** Only for the type checker. */
  readonly workflow?: {
    readonly input: (input: Input) => void;
    readonly output: Output;
    readonly events: Events;
    readonly status: Status;
  };
}

/**
 * Makes a workflow type of an async function: a program whose steps, waits and timers survive every
 * crash. It is an actor type, and each run is an actor.
 *
 * Throws `BAD_DEFINITION` with everything that is wrong.
 *
 * @example
 * ```ts
 * const Order = defineWorkflow({
 *   name: "Order",
 *   events: { approved: event<{ by: string }>() },
 *   async run(ctx, input: { account: string; amount: number }) {
 *     const left = await ctx.actor(Account, input.account).withdraw(input.amount);
 *     const yes = await ctx.event("approved", { timeout: "3d" });
 *     if (!yes) throw new Error("nobody approved");
 *     return left;
 *   },
 * });
 * ```
 */
export function defineWorkflow<
  Input = undefined,
  Output = unknown,
  // oxlint-disable-next-line no-generated-empty-object-type -- without events there are no names.
  Events extends EventTypes = Record<never, never>,
  Status = unknown,
  const Patch extends string = never,
>(
  options: WorkflowOptions<Input, Output, Events, Status, Patch>,
): Workflow<Input, Output, Events, Status> {
  const { name, version = 1, events = {}, patches = [], run } = options;
  if (typeof run !== "function")
    throw new TroupeError(
      "BAD_DEFINITION",
      `the workflow ${shownValue(name)} needs an async function run, not ${shownValue(run)}`,
    );
  const programs = programsFor(options.versions, {
    name,
    program: {
      version,
      digest: codeDigest(String(run), version),
      ...eventNames(events),
      patches: new Set(patches),
      run: (context, input) =>
        run(context as unknown as WorkflowContext<Events, Status, Patch>, input as Input),
    },
  });
  const definition = defineBehaviour(name, {
    // Silos with other versions of the code host the type together.
    version: 1,
    offers: offersOf(programs),
    // A step under way keeps it. What waits for longer goes, and the next input replays it.
    idleAfter: "30s",
    methods: {
      start: {},
      result: { readonly: true },
      status: { readonly: true },
      event: {},
      ask: {},
      cancel: {},
      terminate: {},
      suspend: {},
      resume: {},
      retry: {},
      rerun: {},
      purge: {},
      history: { readonly: true },
      where: { readonly: true },
      facts: { readonly: true },
    },
    handlers: { reminder: { [WAKE]: WAKE } },
    extensions: [workflowExtension],
    activate: (host) => new WorkflowActor(host),
  });
  setPrograms(definition, programs);
  return definition;
}

/** Throws `BAD_DEFINITION` for versions and patches that cannot be. */
function programsFor(
  versions: readonly ActorDefinition[] = [],
  { name, program }: { readonly name: string; readonly program: WorkflowProgram },
): WorkflowPrograms {
  const wrong = (what: string): TroupeError =>
    new TroupeError("BAD_DEFINITION", `the workflow ${shownValue(name)} ${what}`);
  const { version, patches = new Set() } = program;
  if (!Number.isInteger(version) || version < 1)
    throw wrong(`has version ${shownValue(version)}; give a whole number of at least 1`);
  for (const patch of patches)
    if (typeof patch !== "string" || patch === "")
      throw wrong(`has the patch ${shownValue(patch)}; give a name`);
  const byVersion = new Map([[version, program]]);
  for (const earlier of versions) {
    const other = programsOf(earlier);
    if (other === undefined || earlier.name !== name)
      throw wrong(
        `has ${shownValue(earlier?.name)} among its versions; give workflows of its name`,
      );
    for (const one of other.byVersion.values()) {
      const known = byVersion.get(one.version);
      if (known !== undefined && known !== one)
        throw wrong(`has version ${one.version} twice; give each version a number of its own`);
      byVersion.set(one.version, one);
    }
  }
  return { current: program, byVersion };
}

function eventNames(events: EventTypes): Required<Pick<Program, "events" | "requests">> {
  const names = (kind: string): Set<string> =>
    new Set(Object.keys(events).filter((name) => events[name]?.kind === kind));
  return { events: names("event"), requests: names("request") };
}

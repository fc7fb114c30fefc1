import { type Clock, sleep } from "@troupe/core";
import type {
  ActorDefinition,
  Behaviour,
  DurablePart,
  Extension,
  PartHost,
  PartState,
} from "@troupe/sdk";
import type { StepFunction, StepOptions } from "@troupe/workflow";
import type { Mutation } from "./mutation.ts";
import type { FlowContext } from "./perform-flow.ts";

/** Of the events one of so many is lost, or comes late. */
const EVENT_ONE_OF = 3;

/** A step that runs again does so when its result should be stored. */
const AGAIN_MS = 400;

/** A clock that is ahead is so every other of these periods. */
const AHEAD_MS = 2_500;
const PERIOD_MS = 700;

/** What a mutation makes of one call of a run's actor. */
type CallFlaw = (
  call: { readonly method: string; readonly args: readonly unknown[]; readonly run: object },
  invoke: (method: string, args: readonly unknown[]) => unknown,
) => unknown;

const CALLS: Partial<Record<Mutation, () => CallFlaw>> = {
  "flow-swallow": swallowing,
  "flow-event-order": holdingBack,
  "flow-terminate":
    () =>
    ({ method, args }, invoke) =>
      method === "terminate" ? invoke("status", []) : invoke(method, args),
  "flow-cancel":
    () =>
    ({ method, args }, invoke) =>
      method === "cancel" ? invoke("status", []) : invoke(method, args),
};

const PARTS: Partial<Record<Mutation, (part: DurablePart) => Partial<DurablePart>>> = {
  "flow-unstored": (part) => ({ create: (host) => eager(part.create(host)) }),
  "flow-asleep": () => ({ entryOf: () => undefined }),
  "flow-outcome-lost": (part) => ({ turns: { ...part.turns, $flowOutcome: someLost(part) } }),
  "flow-ask-twice": (part) => ({ create: (host) => part.create(sendingTwice(host)) }),
  "flow-early": (part) => ({
    create: (host) => part.create(changed(host, { clock: ahead(host.clock) })),
  }),
};

/** The workflow type as it is, or with one flaw. */
export function mutateFlow(
  mutation: Mutation | undefined,
  definition: ActorDefinition,
): ActorDefinition {
  const call = mutation === undefined ? undefined : CALLS[mutation]?.();
  const part = mutation === undefined ? undefined : PARTS[mutation];
  if (call === undefined && part === undefined) return definition;
  const { behaviour, extensions = [] } = definition;
  return {
    ...definition,
    behaviour: call === undefined ? behaviour : flawedBehaviour(behaviour, call),
    extensions: extensions.map((one) => flawedExtension(one, definition, part)),
  };
}

function flawedBehaviour(behaviour: Behaviour, flaw: CallFlaw): Behaviour {
  return {
    activate: (definition, host) => behaviour.activate(definition, host),
    invoke: (run, method, args) =>
      flaw({ method, args, run }, (name, given) => behaviour.invoke(run, name, given)),
    onActivate: (run) => behaviour.onActivate(run),
    onDeactivate: (run, reason) => behaviour.onDeactivate(run, reason),
  };
}

/** The part looks up its program by the definition, so it is shown the one that it knows. */
function flawedExtension(
  extension: Extension,
  definition: ActorDefinition,
  flaw: ((part: DurablePart) => Partial<DurablePart>) | undefined,
): Extension {
  return {
    ...extension,
    parts: (silo) =>
      (extension.parts?.(silo) ?? []).map((part) => {
        const shown: DurablePart = {
          ...part,
          isNeededBy: ({ name }) => name === definition.name,
          create: (host) => part.create(changed(host, { definition })),
          turns: Object.fromEntries(
            Object.entries(part.turns ?? {}).map(([name, turn]) => [
              name,
              (host, args) => turn(knownTo(host, definition), args),
            ]),
          ),
        };
        return { ...shown, ...flaw?.(shown) };
      }),
  };
}

/** Other types have the turns too, and are shown as what they are. */
function knownTo(host: PartHost, definition: ActorDefinition): PartHost {
  return host.definition.name === definition.name ? changed(host, { definition }) : host;
}

/** Some events are acknowledged, and nothing is done with them. */
function swallowing(): CallFlaw {
  let events = 0;
  return ({ method, args }, invoke) => {
    const isLost = method === "event" && ++events % EVENT_ONE_OF === 0;
    return isLost ? invoke("status", []) : invoke(method, args);
  };
}

/** Some events are applied behind the next one. */
function holdingBack(): CallFlaw {
  const kept = new WeakMap<object, readonly unknown[]>();
  let events = 0;
  return async ({ method, args, run }, invoke) => {
    if (method !== "event") return await invoke(method, args);
    const earlier = kept.get(run);
    if (earlier === undefined && ++events % EVENT_ONE_OF === 0) {
      kept.set(run, args);
      return await invoke("status", []);
    }
    kept.delete(run);
    await invoke(method, args);
    return earlier === undefined ? undefined : await invoke(method, earlier);
  };
}

function someLost({ turns }: DurablePart): (host: PartHost, args: readonly unknown[]) => unknown {
  let outcomes = 0;
  return (host, args) =>
    ++outcomes % EVENT_ONE_OF === 0 ? undefined : turns?.$flowOutcome?.(host, args);
}

/** What may be done when a turn is stored is done when it is not yet. */
function eager(state: PartState): PartState {
  return changed(state, {
    staged: () => {
      state.staged?.()?.();
      return undefined;
    },
  });
}

function sendingTwice(host: PartHost): PartHost {
  return changed(host, {
    send: (to, call, answer) => {
      host.send(to, call, answer);
      host.send(to, call, answer);
    },
  });
}

/** Ahead now and then. */
function ahead(clock: Clock): Clock {
  const isAhead = (): boolean => Math.floor(clock.monotonic() / PERIOD_MS) % 2 === 0;
  return changed(clock, { now: () => clock.now() + (isAhead() ? AHEAD_MS : 0) });
}

/** The context of a run's code, and what the code runs in. */
interface MutatedContext {
  readonly ctx: FlowContext;
  guard(body: () => Promise<string>): Promise<string>;
}

const CONTEXTS: Partial<Record<Mutation, (ctx: FlowContext, clock: Clock) => MutatedContext>> = {
  "flow-rerun": (ctx, clock) => unguarded(withSteps(ctx, (work) => doneAgain(work, clock))),
  "flow-key": (ctx) =>
    unguarded(
      withSteps(ctx, (work) => (step) => work({ ...step, key: `${step.key}.${step.attempt}` })),
    ),
  "flow-clock": (ctx, clock) => unguarded(changed(ctx, { now: () => clock.now() })),
  "flow-chance": (ctx, clock) =>
    unguarded(changed(ctx, { random: () => (clock.monotonic() % 1_000) / 1_000 })),
  "flow-undo-order": undoingInOrder,
};

/** The context that the code of a run gets, as it is or with one flaw. */
export function mutateContext(
  mutation: Mutation | undefined,
  ctx: FlowContext,
  clock: Clock,
): MutatedContext {
  const mutant = mutation === undefined ? undefined : CONTEXTS[mutation];
  return mutant === undefined ? unguarded(ctx) : mutant(ctx, clock);
}

function unguarded(ctx: FlowContext): MutatedContext {
  return { ctx, guard: (body) => body() };
}

type Work = StepFunction<unknown>;

function withSteps(ctx: FlowContext, change: (work: Work) => Work): FlowContext {
  const run = (name: string, work: Work, options?: StepOptions): Promise<unknown> =>
    ctx.run(name, change(work), options);
  return changed(ctx, { run: run as FlowContext["run"] });
}

/** A step runs once more when its result is stored. */
function doneAgain(work: Work, clock: Clock): Work {
  return async (step) => {
    const result = await work(step);
    void sleep(clock, AGAIN_MS).then(() => work(step));
    return result;
  };
}

/** What was done first is taken back first. */
function undoingInOrder(ctx: FlowContext): MutatedContext {
  const undos: { readonly name: string; readonly undo: () => unknown }[] = [];
  const run = (name: string, work: Work, options: StepOptions = {}): Promise<unknown> => {
    const { undo, ...rest } = options;
    if (undo !== undefined) undos.push({ name, undo: () => undo(undefined) });
    return ctx.run(name, work, rest);
  };
  return {
    ctx: changed(ctx, { run: run as FlowContext["run"] }),
    guard: async (body) => {
      try {
        return await body();
      } catch (error) {
        for (const { name, undo } of undos) await ctx.run(`undo ${name}`, undo);
        throw error;
      }
    },
  };
}

/** The object, with other members in the place of some. It may have private fields. */
function changed<T extends object>(object: T, members: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

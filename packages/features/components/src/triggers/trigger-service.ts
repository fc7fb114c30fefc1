import { messageOf, type Scheduled, type SourceSchedule, TroupeError } from "@troupe/core";
import type { ActorDefinition, SiloHost, SiloService } from "@troupe/sdk";
import type { Components } from "../components.ts";
import { type Trigger, triggerName, triggersOf } from "./trigger.ts";
import { deskTypeOf } from "./trigger-desk.ts";
import { TriggerReader } from "./trigger-reader.ts";
import { SCHEDULE_TURN } from "./trigger-turns.ts";

/** Between tries to reach a desk. */
const AGAIN_MS = 1_000;

/** A trigger of a type. */
interface TypeTrigger {
  readonly type: string;
  readonly trigger: Trigger;
}

/** Every trigger of the types. */
function triggersIn(definitions: ReadonlyMap<string, ActorDefinition>): TypeTrigger[] {
  return [...definitions.values()].flatMap((definition) =>
    triggersOf(definition).map((trigger) => ({ type: definition.name, trigger })),
  );
}

/** Throws `BAD_CONFIG` with every trigger whose component is not there or brings nothing in. */
export function checkTriggers(
  definitions: ReadonlyMap<string, ActorDefinition>,
  components: Components,
): void {
  const lines = triggersIn(definitions).flatMap(({ type, trigger }) => {
    const problem = problemOf(trigger, components);
    return problem === undefined ? [] : [`\n  the trigger ${type}.${trigger.method}: ${problem}`];
  });
  if (lines.length > 0)
    throw new TroupeError("BAD_CONFIG", `triggers cannot work:${lines.join("")}`);
}

function problemOf({ component }: Trigger, components: Components): string | undefined {
  try {
    if (components.source(component) !== undefined) return undefined;
    return `the component ${component} brings no events in`;
  } catch (error) {
    // One that could not be opened and may be missing brings nothing until a later start.
    if (!(error instanceof TroupeError)) throw error;
    return error.code === "NO_SUCH_COMPONENT" ? error.detail : undefined;
  }
}

/** Runs the triggers of the types that a silo hosts. */
export class TriggerService implements SiloService {
  readonly name = "triggers";
  readonly #silo: SiloHost;
  readonly #components: Components;
  readonly #readers: TriggerReader[] = [];
  readonly #pauses = new Set<Scheduled>();
  readonly #telling = new Set<Promise<void>>();
  #ended: Promise<unknown> | undefined;
  #isOver = false;

  constructor(silo: SiloHost, components: Components) {
    this.#silo = silo;
    this.#components = components;
  }

  start(): void {
    for (const one of triggersIn(this.#silo.definitions)) this.#begin(one);
  }

  drain(): void {
    this.#isOver = true;
    for (const pause of this.#pauses) pause.cancel();
    // From now on nothing is taken. What is under way is waited for in `stop`.
    this.#ended ??= Promise.allSettled(this.#readers.map((reader) => reader.stop()));
  }

  async stop(): Promise<void> {
    this.drain();
    await this.#ended;
    await Promise.all(this.#telling);
  }

  #begin({ type, trigger }: TypeTrigger): void {
    const { clock, logger } = this.#silo;
    const source = this.#sourceOf(trigger);
    if (source === undefined) return;
    if (source.kind === "schedule") {
      this.#tell({ type, trigger }, source.schedule);
      return;
    }
    const reader = new TriggerReader({
      type,
      trigger,
      input: source.input,
      clock,
      logger,
      callTurn: (address, turn, args) => this.#silo.callTurn(address, turn, args),
    });
    this.#readers.push(reader);
    reader.start();
  }

  #sourceOf({ component }: Trigger): ReturnType<Components["source"]> {
    try {
      return this.#components.source(component);
    } catch (error) {
      this.#silo.logger.warn(
        { event: "source_away", component, reason: messageOf(error) },
        "a component could not be opened, so it brings nothing in",
      );
      return undefined;
    }
  }

  /** Until the desk knows: what it has is stored, so one silo that reaches it is enough. */
  #tell(one: TypeTrigger, schedule: SourceSchedule): void {
    const telling = this.#tellOnce(one, schedule).finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }

  async #tellOnce(one: TypeTrigger, schedule: SourceSchedule): Promise<void> {
    const { type, trigger } = one;
    const desk = { type: deskTypeOf(type), id: triggerName(trigger.component, trigger.method) };
    try {
      await this.#silo.callTurn(desk, SCHEDULE_TURN, [schedule]);
    } catch (error) {
      const reason = messageOf(error);
      const { component } = trigger;
      this.#silo.logger.warn(
        { event: "source_away", component, reason },
        "a schedule could not be stored; trying again",
      );
      if (this.#isOver) return;
      const pause = this.#silo.clock.schedule(AGAIN_MS, () => {
        this.#pauses.delete(pause);
        this.#tell(one, schedule);
      });
      this.#pauses.add(pause);
    }
  }
}

import type {
  ActorClass,
  ActorDefinition,
  Concurrency,
  MethodDefinition,
  SlotDefinition,
} from "./actor-definition.ts";
import { readActorOptions, readSlotOptions } from "./actor-options.ts";
import { ClassBehaviour } from "./class-behaviour.ts";
import type { MethodMark, Note } from "./class-notes.ts";
import { shapeOf, type ClassShape } from "./class-shape.ts";
import { BY_DEFINE_ACTOR, DEFINITION_PARTS } from "./define-actor.ts";
import { nameProblem, RESERVED_NAMES, show, typeNameProblem } from "./names.ts";
import { otherCopyProblem } from "./other-copy.ts";
import type { SourcePosition } from "./source-position.ts";

/** Something about a class that cannot work: where, and what to change. */
export interface Problem {
  /** Undefined if nothing in the source of the class was seen. */
  readonly position: SourcePosition | undefined;
  readonly className: string;
  readonly text: string;
}

/**
 * A definition is only to be used if there are no problems; it is made anyway, so that all problems
 * are found at once.
 */
export interface Analysis {
  readonly definition: ActorDefinition;
  readonly className: string;
  /** Of the `@actor` or `defineActor`. */
  readonly position: SourcePosition | undefined;
  readonly problems: readonly Problem[];
}

export function analyseClass(actorClass: ActorClass): Analysis {
  const analyser = new Analyser(shapeOf(actorClass));
  return analyser.analyse(actorClass);
}

const NOT_FOR_STREAMS: readonly MethodMark[] = ["readonly", "interleave", "oneWay", "idempotent"];

type NoteOf<K extends Note["kind"]> = Extract<Note, { kind: K }>;
/** By kind and name. */
type HandlerNotes = ReadonlyMap<string, ReadonlyMap<string, NoteOf<"handler">>>;

/** The kinds of handlers that every class has, though maybe none of them. */
const BUILT_IN: readonly string[] = ["reminder", "timer"];

class Analyser {
  readonly #shape: ClassShape;
  readonly #notes: readonly Note[];
  readonly #problems: Problem[] = [];
  /** Where problems are reported that belong to no decorator of a member. */
  #position: SourcePosition | undefined;

  constructor(shape: ClassShape) {
    this.#shape = shape;
    this.#notes = shape.notesByClass.flat();
  }

  analyse(actorClass: ActorClass): Analysis {
    const legacy = this.#of("legacy")[0];
    const ofOtherCopy = this.#shape.extendsActor ? undefined : otherCopyProblem(actorClass);
    const typeNote = this.#typeNote();
    const kinds = new Set([...BUILT_IN, ...this.#of("handler").map(({ of }) => of)]);
    const notes = new Map([...kinds].map((kind) => [kind, this.#handlers(kind)]));
    const handlers = methodsOf(notes);
    const settings = readActorOptions(
      typeNote?.options,
      (text) => this.#report(text, typeNote?.position),
      typeNote?.by === BY_DEFINE_ACTOR ? DEFINITION_PARTS : [],
    );
    const methods = this.#methods(
      new Set([...handlers.values()].flatMap((ofKind) => [...ofKind.values()])),
    );
    const definition: ActorDefinition = {
      name: typeof typeNote?.name === "string" ? typeNote.name : actorClass.name,
      behaviour: new ClassBehaviour(actorClass),
      ...settings,
      methods,
      methodOf: (name) => methods.get(name),
      slots: this.#slots(),
      handlers,
      handlerDetails: detailsOf(notes),
    };
    if (definition.worker !== undefined) this.#checkStateless(definition);
    for (const { text, position } of this.#of("problem")) this.#report(text, position);
    const position = typeNote?.position;
    const { className } = this.#shape;
    if (legacy !== undefined)
      return { definition, className, position, problems: [this.#legacyProblem(legacy)] };
    if (ofOtherCopy === undefined)
      return { definition, className, position, problems: this.#problems };
    // All else that is wrong follows from that: the other copy's notes are not seen here.
    return {
      definition,
      className,
      position,
      problems: [{ position, className, text: ofOtherCopy }],
    };
  }

  #checkStateless({ slots, handlers }: ActorDefinition): void {
    const stateless = new Set(
      this.#of("handler")
        .filter(({ isStateless }) => isStateless === true)
        .map((note) => note.of),
    );
    const keeping = [...handlers].filter(([kind]) => !stateless.has(kind));
    const kept = [
      ...slots.map(({ name }) => `the slot ${name}`),
      ...keeping.flatMap(([kind, names]) => [...names.keys()].map((one) => `the ${kind} ${one}`)),
    ];
    for (const what of kept)
      this.#report(`a stateless worker keeps nothing, and has ${what}; take one of the two away`);
  }

  #of<K extends Note["kind"]>(kind: K): NoteOf<K>[] {
    return this.#notes.filter((note): note is NoteOf<K> => note.kind === kind);
  }

  #report(text: string, position: SourcePosition | undefined = this.#position): void {
    this.#problems.push({ position, className: this.#shape.className, text });
  }

  #legacyProblem({ position, decorator }: NoteOf<"legacy">): Problem {
    const text =
      `@${decorator}() was compiled as a legacy decorator; remove the line "experimentalDecorators": true from tsconfig.json ` +
      `(or from what your bundler is given), since Troupe's decorators are the standard ones. ` +
      `Where other code needs that line, leave the decorators out and call defineActor(${this.#shape.className}, { … })`;
    return { position, className: this.#shape.className, text };
  }

  #typeNote(): NoteOf<"type"> | undefined {
    const { className, extendsActor, notesByClass } = this.#shape;
    const [first, second] = (notesByClass.at(-1) ?? []).filter(
      (note): note is NoteOf<"type"> => note.kind === "type",
    );
    this.#position = first?.position ?? this.#notes.at(-1)?.position;
    if (!extendsActor)
      this.#report(`it does not extend Actor; write "class ${className} extends Actor"`);
    if (first === undefined) {
      const base = this.#of("type")[0];
      const why =
        base === undefined
          ? ""
          : `, and does not inherit the ${base.by} at ${base.position.toString()}`;
      this.#report(`it has no @actor() or defineActor()${why}; give it one with a name of its own`);
      return undefined;
    }
    const problem = typeNameProblem(first.name);
    if (problem !== undefined) this.#report(`the type name ${problem}`);
    if (second !== undefined) {
      this.#report(
        `it is an actor type already by the ${first.by} at ${first.position.toString()}; remove one`,
        second.position,
      );
    }
    return first;
  }

  #methods(handlers: ReadonlySet<string>): Map<string, MethodDefinition> {
    for (const name of this.#shape.replacedMembers)
      this.#report(`${name} is a member of Actor; rename it`);
    const marks = this.#marks();
    const methods = new Map<string, MethodDefinition>();
    for (const name of this.#shape.methods) {
      const own = marks.get(name) ?? new Set();
      const isInternal = own.has("internal") || (own.size === 0 && handlers.has(name));
      if (name === "then")
        this.#report("a method then() would make every reference look like a promise; rename it");
      if (isInternal || name === "then") continue;
      if (RESERVED_NAMES.has(name)) {
        this.#report(
          `${name}() means something to every object; rename it, or make it @internal()`,
        );
        continue;
      }
      const problem = nameProblem(name);
      if (problem !== undefined) this.#report(`the method name ${show(name)} ${problem}`);
      const isStream = own.has("stream") || this.#shape.generators.has(name);
      if (isStream) this.#checkStream(name, own);
      methods.set(name, {
        name,
        concurrency: isStream ? "stream" : concurrencyOf(own),
        oneWay: own.has("oneWay"),
        idempotent: own.has("idempotent"),
      });
    }
    return methods;
  }

  /** What a stream does between two items runs beside all else, and its reader waits for it. */
  #checkStream(name: string, marks: ReadonlySet<MethodMark>): void {
    for (const mark of NOT_FOR_STREAMS) {
      if (marks.has(mark)) this.#report(`${name}() is a stream, and ${mark} too; remove ${mark}`);
    }
  }

  /**
   * The marks of each method. One that a class further down gives replaces the other of `readonly`
   * and `interleave`.
   */
  #marks(): Map<string, Set<MethodMark>> {
    const marks = new Map<string, Set<MethodMark>>();
    for (const notes of this.#shape.notesByClass) {
      const here = new Map<string, MethodMark>();
      for (const note of notes) {
        if (note.kind !== "mark" || !this.#isMethod(note.method, note.mark, note.position))
          continue;
        const { method, mark } = note;
        const all = marks.get(method) ?? new Set();
        marks.set(method, all.add(mark));
        const other = otherConcurrency(mark);
        if (other === undefined) continue;
        if (here.has(method) && here.get(method) !== mark) {
          this.#report(
            `${method}() is both readonly and interleave; interleave allows all that readonly does, so keep one`,
            note.position,
          );
        }
        here.set(method, mark);
        all.delete(other);
      }
    }
    return marks;
  }

  #isMethod(name: string, wanted: string, position: SourcePosition): boolean {
    if (this.#shape.methods.has(name)) return true;
    // A member that replaces one of Actor's is reported as that.
    if (this.#shape.replacedMembers.includes(name)) return false;
    const isHook = this.#shape.actorMembers.has(name);
    const why = isHook
      ? `${name}() is a member of Actor and never called through a reference`
      : `there is no method ${name}`;
    this.#report(
      `${why}; ${isHook ? `remove the ${wanted}` : `correct the name in ${wanted}`}`,
      position,
    );
    return false;
  }

  #slots(): SlotDefinition[] {
    const slots = new Map<string, SlotDefinition>();
    for (const { slot, options, position } of this.#of("slot")) {
      const problem = nameProblem(slot);
      if (problem !== undefined) this.#report(`the slot name ${show(slot)} ${problem}`, position);
      if (this.#shape.actorMembers.has(slot))
        this.#report(`the state slot ${slot} hides a member of Actor; rename it`, position);
      else if (this.#shape.everyMethod.has(slot)) {
        this.#report(
          `the state slot ${slot} has the name of a method; rename one of them`,
          position,
        );
      }
      const read = readSlotOptions(options, (text) =>
        this.#report(`the state slot ${slot}: ${text}`, position),
      );
      slots.set(slot, { name: slot, ...read });
    }
    return [...slots.values()];
  }

  #handlers(of: string): Map<string, NoteOf<"handler">> {
    const handlers = new Map<string, NoteOf<"handler">>();
    for (const note of this.#of("handler")) {
      if (note.of !== of) continue;
      const { method, position } = note;
      const problem = nameProblem(note.name);
      if (problem !== undefined)
        this.#report(`the name of the ${of} that ${method}() handles ${problem}`, position);
      const name = String(note.name);
      const other = handlers.get(name);
      if (other !== undefined && other.method !== method) {
        this.#report(
          `the ${of} ${show(name)} has two methods, ${other.method}() at ${other.position.toString()} and ${method}(); keep one, or rename a ${of}`,
          position,
        );
      }
      if (this.#isMethod(method, `the ${of} ${show(name)}`, position)) handlers.set(name, note);
    }
    return handlers;
  }
}

function methodsOf(notes: HandlerNotes): ActorDefinition["handlers"] {
  return new Map([...notes].map(([kind, ofKind]) => [kind, mapped(ofKind, (one) => one.method)]));
}

function detailsOf(notes: HandlerNotes): ActorDefinition["handlerDetails"] {
  const ofFeatures = [...notes].filter(([kind]) => !BUILT_IN.includes(kind));
  return new Map(ofFeatures.map(([kind, ofKind]) => [kind, mapped(ofKind, (one) => one.details)]));
}

function mapped<T>(
  notes: ReadonlyMap<string, NoteOf<"handler">>,
  take: (note: NoteOf<"handler">) => T,
): Map<string, T> {
  return new Map([...notes].map(([name, note]) => [name, take(note)]));
}

function concurrencyOf(marks: ReadonlySet<MethodMark>): Concurrency {
  if (marks.has("interleave")) return "interleave";
  return marks.has("readonly") ? "readonly" : "exclusive";
}

function otherConcurrency(mark: MethodMark): MethodMark | undefined {
  if (mark === "readonly") return "interleave";
  return mark === "interleave" ? "readonly" : undefined;
}

import type { ActorClass } from "./actor-definition.ts";
import { classChainOf } from "./actor-root.ts";
import { ownNotes, type Note } from "./class-notes.ts";
import { HOOKS } from "./names.ts";

/** What a class and its bases up to `Actor` hold, before anything is judged. */
export interface ClassShape {
  readonly className: string;
  readonly extendsActor: boolean;
  /** Notes of each class, from the one that extends `Actor` to the class itself. */
  readonly notesByClass: readonly (readonly Note[])[];
  /**
   * Names of the methods, without symbols, `#private` ones, accessors and the members of `Actor`.
   */
  readonly methods: ReadonlySet<string>;
  /** Those of them that are written as `async *`. */
  readonly generators: ReadonlySet<string>;
  /** Every method name in the chain, also one that an accessor further down hides. */
  readonly everyMethod: ReadonlySet<string>;
  readonly actorMembers: ReadonlySet<string>;
  /** Members of `Actor` that the class replaces and must not. */
  readonly replacedMembers: readonly string[];
}

export function shapeOf(actorClass: ActorClass): ClassShape {
  const { classes, root } = classChainOf(actorClass);
  const members = root === undefined ? [] : Object.getOwnPropertyNames(root.prototype);
  const actorMembers = new Set(members);
  const methods = new Set<string>();
  const generators = new Set<string>();
  const everyMethod = new Set<string>();
  const replacedMembers = new Set<string>();
  for (const { prototype } of classes) {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name === "constructor" || HOOKS.has(name)) continue;
      const isMethod = typeof member.value === "function";
      if (isGenerator(member.value)) generators.add(name);
      else generators.delete(name);
      if (actorMembers.has(name)) replacedMembers.add(name);
      else if (isMethod) methods.add(name);
      else methods.delete(name);
      if (isMethod) everyMethod.add(name);
    }
  }
  return {
    className: actorClass.name === "" ? "an actor class without a name" : actorClass.name,
    extendsActor: root !== undefined,
    notesByClass: classes.map((one) => ownNotes(one)),
    methods,
    generators,
    everyMethod,
    actorMembers,
    replacedMembers: [...replacedMembers],
  };
}

/** By its tag, since each realm has a class of its own for these functions. */
function isGenerator(member: unknown): boolean {
  return Object.prototype.toString.call(member) === "[object AsyncGeneratorFunction]";
}

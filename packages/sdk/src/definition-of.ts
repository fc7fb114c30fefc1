import { TroupeError } from "@troupe/core";
import type { ActorClass, ActorDefinition, ActorType } from "./actor-definition.ts";
import { analyseClass, type Analysis, type Problem } from "./analyse-class.ts";
import { ClassBehaviour } from "./class-behaviour.ts";
import { show } from "./names.ts";

/** Only right ones are kept, and a class that was right stays so. */
const analyses = new WeakMap<object, Analysis>();

/**
 * What is known of an actor class; always the same object for the same class.
 *
 * Throws one `BAD_DEFINITION` with everything that is wrong with the class: each line says where
 * and what to change.
 */
export function definitionOf(actorClass: ActorClass): ActorDefinition {
  const known = analyses.get(actorClass);
  if (known !== undefined) return known.definition;
  const analysis = analyse(actorClass);
  throwIfAny(analysis.problems);
  return analysis.definition;
}

/**
 * The definitions of the types that one silo hosts, by type name. Throws like `definitionOf`, for
 * all classes at once, and also if two of them have the same name. A type that is listed twice
 * counts once.
 */
export function definitionsOf(types: readonly ActorType[]): ReadonlyMap<string, ActorDefinition> {
  const problems: Problem[] = [];
  const byName = new Map<string, Analysis>();
  for (const type of new Set(types)) {
    const analysis = isDefinition(type) ? ofBehaviour(type) : analyse(type);
    problems.push(...analysis.problems);
    const { definition, position } = analysis;
    const other = byName.get(definition.name);
    if (other === undefined) byName.set(definition.name, analysis);
    else if (hasNameOfItsOwn(other) && hasNameOfItsOwn(analysis)) {
      const { className } = analysis;
      const where = `${other.className}${atPosition(other.position)}`;
      problems.push({
        position,
        className,
        text: `the type name ${show(definition.name)} is also that of ${where}; rename one`,
      });
    }
  }
  throwIfAny(problems);
  return new Map([...byName].map(([name, { definition }]) => [name, definition]));
}

/** False for a class without `@actor`, which is reported for that. */
function hasNameOfItsOwn({ definition, position }: Analysis): boolean {
  return position !== undefined || !(definition.behaviour instanceof ClassBehaviour);
}

function isDefinition(type: ActorType): type is ActorDefinition {
  return typeof type === "object" && type !== null && "behaviour" in type;
}

/** It was checked when it was defined. */
function ofBehaviour(definition: ActorDefinition): Analysis {
  const className = `the behaviour ${definition.name}`;
  return { definition, className, position: undefined, problems: [] };
}

function atPosition(position: Problem["position"]): string {
  return position === undefined ? "" : ` at ${position.toString()}`;
}

function analyse(actorClass: unknown): Analysis {
  if (
    typeof actorClass !== "function" ||
    typeof actorClass.prototype !== "object" ||
    actorClass.prototype === null
  ) {
    throw new TroupeError(
      "BAD_DEFINITION",
      `an actor class was expected, not ${show(actorClass)}; if it is imported, look for modules that import each other`,
    );
  }
  const known = analyses.get(actorClass);
  if (known !== undefined) return known;
  const analysis = analyseClass(actorClass as unknown as ActorClass);
  if (analysis.problems.length === 0) analyses.set(actorClass, analysis);
  return analysis;
}

function throwIfAny(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map(({ position, className, text }) => {
    const where = position === undefined ? "" : `${position.toString()} `;
    return `\n  ${where}${className}: ${text}`;
  });
  const head =
    problems.length === 1
      ? "an actor class cannot work:"
      : `actor classes cannot work, for ${problems.length} reasons:`;
  throw new TroupeError("BAD_DEFINITION", head + lines.join(""));
}

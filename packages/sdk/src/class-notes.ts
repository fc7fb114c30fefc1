import type { SourcePosition } from "./source-position.ts";
import { METADATA } from "./symbol-metadata.ts";

export type MethodMark =
  | "readonly"
  | "interleave"
  | "stream"
  | "oneWay"
  | "idempotent"
  | "internal";

/**
 * What one decorator, or one entry of `defineActor`, said of a class. Values are as the author gave
 * them, unchecked.
 */
export type Note =
  | {
      readonly kind: "type";
      readonly position: SourcePosition;
      readonly by: "@actor()" | "defineActor()";
      readonly name: unknown;
      readonly options: unknown;
    }
  | {
      readonly kind: "slot";
      readonly position: SourcePosition;
      readonly slot: string;
      readonly options: unknown;
    }
  | {
      readonly kind: "mark";
      readonly position: SourcePosition;
      readonly method: string;
      readonly mark: MethodMark;
    }
  | {
      readonly kind: "handler";
      readonly position: SourcePosition;
      /** The kind: "reminder", "timer", or that of a feature. */
      readonly of: string;
      readonly name: unknown;
      readonly method: string;
      /** What the feature knows of the handler besides; see `ActorDefinition.handlerDetails`. */
      readonly details?: unknown;
      /** See `FeatureHandler`. */
      readonly isStateless?: boolean;
    }
  /** A decorator was used where it cannot work. */
  | { readonly kind: "problem"; readonly position: SourcePosition; readonly text: string }
  /** The compiler called a decorator in the way of `experimentalDecorators`. */
  | { readonly kind: "legacy"; readonly position: SourcePosition; readonly decorator: string };

const NOTES = Symbol("troupe.notes");

const notesByClass = new WeakMap<object, Note[]>();

/** The notes that standard decorators leave; each class has a metadata object of its own. */
export function notesOfMetadata(metadata: object): Note[] {
  const holder = metadata as { [NOTES]?: Note[] };
  return Object.hasOwn(holder, NOTES) ? (holder[NOTES] ??= []) : (holder[NOTES] = []);
}

/** The notes that were left for a class by other means than metadata. */
export function notesBesideClass(actorClass: object): Note[] {
  let notes = notesByClass.get(actorClass);
  if (notes === undefined) notesByClass.set(actorClass, (notes = []));
  return notes;
}

/** Everything that was said of the class itself, without its base classes. */
export function ownNotes(actorClass: object): readonly Note[] {
  const beside = notesByClass.get(actorClass) ?? [];
  if (!Object.hasOwn(actorClass, METADATA)) return beside;
  const metadata = (actorClass as { [METADATA]?: object | null })[METADATA];
  return typeof metadata === "object" && metadata !== null
    ? [...notesOfMetadata(metadata), ...beside]
    : beside;
}

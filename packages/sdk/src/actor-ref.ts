import type { Actor } from "./actor.ts";

type AnyMethod = (...args: never) => unknown;

/**
 * The names of the methods that a reference to `A` may call, as far as types can tell:
 * `@internal()` ones are among them.
 */
export type MethodName<A extends Actor> = keyof {
  [
    K in keyof A as K extends keyof Actor
      ? never
      : K extends string
        ? A[K] extends AnyMethod
          ? K
          : never
        : never
  ]: never;
} &
  string;

/** The names of the public fields of `A`: what `defineActor` can make durable. */
export type FieldName<A extends Actor> = keyof {
  [
    K in keyof A as K extends keyof Actor
      ? never
      : K extends string
        ? A[K] extends AnyMethod
          ? never
          : K
        : never
  ]: never;
} &
  string;

/**
 * A function all of whose overloads (up to four) return promises. Those that it lacks fall back to
 * the constraint.
 */
type AsyncMethod<F> = F extends {
  (...args: never): infer _R1 extends Promise<unknown>;
  (...args: never): infer _R2 extends Promise<unknown>;
  (...args: never): infer _R3 extends Promise<unknown>;
  (...args: never): infer _R4 extends Promise<unknown>;
}
  ? F
  : never;

/**
 * A method as its callers see it. An asynchronous one is taken as it is, which keeps its overloads
 * and type parameters; of any other, the last overload becomes asynchronous. A stream gives its
 * items.
 */
export type RemoteMethod<F> = F extends (...args: infer P) => infer R
  ? [R] extends [never]
    ? (...args: P) => Promise<never>
    : unknown extends R
      ? (...args: P) => Promise<R>
      : [R] extends [AsyncIterable<infer Item>]
        ? (...args: P) => AsyncIterable<Item>
        : [AsyncMethod<F>] extends [never]
          ? (...args: P) => Promise<Awaited<R>>
          : OmitThisParameter<F>
  : never;

/**
 * A reference to one actor: its public methods, each returning a promise, and nothing else. It
 * costs nothing to make, is valid for ever, and can be passed as an argument.
 *
 * A method of the actor that returns the result of a reference to its own class needs a declared
 * return type, because TypeScript cannot infer it in a circle.
 */
export type ActorRef<A extends Actor> = {
  readonly [
    K in keyof A as K extends keyof Actor
      ? never
      : K extends string
        ? A[K] extends AnyMethod
          ? K
          : never
        : never
  ]: RemoteMethod<A[K]>;
};

/** A reference by the name of a type alone: any method, unchecked until the actor answers. */
export interface UntypedActorRef {
  readonly [method: string]: (...args: readonly unknown[]) => Promise<unknown>;
}

/**
 * What `this.send` gives: the public methods of `A`, each of which stores a call with the running
 * turn and returns nothing.
 */
export type SendRef<A extends Actor> = {
  readonly [
    K in keyof A as K extends keyof Actor
      ? never
      : K extends string
        ? A[K] extends AnyMethod
          ? K
          : never
        : never
  ]: A[K] extends (...args: infer P) => unknown ? (...args: P) => void : never;
};

/** The same by the name of a type alone. */
export interface UntypedSendRef {
  readonly [method: string]: (...args: readonly unknown[]) => void;
}

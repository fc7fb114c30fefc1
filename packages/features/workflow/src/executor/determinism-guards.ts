import { turnInName } from "@troupe/client";
import { formatAddress, TroupeError } from "@troupe/core";
import { codePlace } from "./code-place.ts";
import { CodeScope } from "./code-scope.ts";

/** Marks that this process has the guards, whichever copy of this package put them up. */
const GUARDED = Symbol.for("troupe.workflow.guarded");

/** What gives another answer when the code runs again: what it is of, its name, what to use. */
const CALLS: readonly (readonly [owner: object, name: string, shown: string, instead: string])[] = [
  [Date, "now", "Date.now()", "ctx.now()"],
  [Math, "random", "Math.random()", "ctx.random()"],
  [crypto, "randomUUID", "crypto.randomUUID()", "ctx.uuid()"],
  [globalThis, "setTimeout", "setTimeout", "ctx.sleep"],
  [globalThis, "setInterval", "setInterval", "ctx.sleep"],
  [globalThis, "fetch", "fetch", "ctx.run around it"],
];

/**
 * From now on the code of runs in this process cannot do what would be different when it runs
 * again: `Date.now()`, `new Date()`, `Math.random()`, `setTimeout` and others throw
 * `NOT_DETERMINISTIC` there. Steps, and all other code, are free to use them.
 *
 * For tests: it changes globals of the process, for good.
 */
export function guardDeterminism(): void {
  if (Reflect.get(globalThis, GUARDED) === true) return;
  Reflect.set(globalThis, GUARDED, true);
  for (const [owner, name, shown, instead] of CALLS) guardCall(owner, name, { shown, instead });
  const guarded = new Proxy(Date, {
    construct(target, given, newTarget): object {
      if (given.length === 0) check("new Date()", "new Date(ctx.now())");
      return Reflect.construct(target, given, newTarget) as object;
    },
    apply(target, self, given): string {
      check("Date()", "new Date(ctx.now())");
      return Reflect.apply(target, self, given) as string;
    },
  });
  // oxlint-disable-next-line no-extend-native -- a date is still made by what is called Date.
  Object.defineProperty(Date.prototype, "constructor", {
    value: guarded,
    configurable: true,
    writable: true,
  });
  Reflect.set(globalThis, "Date", guarded);
}

function guardCall(
  owner: object,
  name: string,
  { shown, instead }: { readonly shown: string; readonly instead: string },
): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== "function") return;
  const guarded = new Proxy(original, {
    apply(target, self, given): unknown {
      check(shown, instead);
      return Reflect.apply(target, self, given);
    },
  });
  Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true });
}

function check(what: string, instead: string): void {
  const scope = turnInName();
  if (!(scope instanceof CodeScope) || !scope.isOfRun) return;
  const place = codePlace() ?? "an unknown place";
  const message = `${formatAddress(scope.address)} uses ${what} at ${place}, which is another one when its code runs again; use ${instead}, or do it inside of ctx.run`;
  throw new TroupeError("NOT_DETERMINISTIC", message);
}

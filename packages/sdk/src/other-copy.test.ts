import { TroupeError } from "@troupe/core";
import { expect, it } from "vitest";
import { definitionOf } from "./definition-of.ts";
import { ACTOR_HOME } from "./other-copy.ts";

/** As another copy of this package makes it. */
class OtherActor {
  readonly id = "alice";
  static readonly [ACTOR_HOME] =
    "file:///app/node_modules/other/node_modules/@troupe/sdk/dist/other-copy.js";
}

it("says of a class that extends another copy's Actor where both copies are, and nothing else", () => {
  class Counter extends OtherActor {}
  const define = (): unknown => definitionOf(Counter as never);
  expect(define).toThrow(TroupeError);
  expect(define).toThrow("[BAD_DEFINITION] an actor class cannot work:");
  expect(define).toThrow(
    /Counter: it extends the Actor of another copy of troupe: that copy is in \/app\/node_modules\/other\/node_modules\/@troupe\/sdk\/, and the one that was asked is in \/.*\/packages\/sdk\//,
  );
  expect(define).not.toThrow("it has no @actor()");
});

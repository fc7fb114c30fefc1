import { messageOf } from "./message-of.ts";

export type PortableProblem = "NOT_SERIALIZABLE" | "PAYLOAD_TOO_LARGE";

/** Thrown inside a copy; every container on the way up adds its step to the path. */
export class NotPortable {
  readonly code: PortableProblem;
  /** What is wrong with the value, to be read after its path: "is a function, ...". */
  readonly problem: string;
  #path = "";

  constructor(code: PortableProblem, problem: string) {
    this.code = code;
    this.problem = problem;
  }

  /**
   * What was thrown while a value was copied, as a refusal. A getter or a proxy of a user may throw
   * anything, so the value is told by a private field: `instanceof` would run the proxy's code.
   */
  static of(thrown: unknown): NotPortable {
    if (typeof thrown === "object" && thrown !== null && #path in thrown) return thrown;
    const why = messageOf(thrown).slice(0, REASON_MAX_LENGTH);
    return new NotPortable("NOT_SERIALIZABLE", `cannot be read (${why}); pass plain data`);
  }

  get path(): string {
    return this.#path;
  }

  /** The same refusal, seen from one container further out. */
  below(step: string | number): this {
    this.#path = formatStep(step) + this.#path;
    return this;
  }
}

const REASON_MAX_LENGTH = 200;

/** The refusal of a value that has no portable form. */
export function notPlain(what: string): NotPortable {
  return new NotPortable("NOT_SERIALIZABLE", `is ${what}, which cannot be copied; pass plain data`);
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Characters of a key that a path shows. */
const STEP_MAX_LENGTH = 100;

function formatStep(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  const shown = key.length > STEP_MAX_LENGTH ? `${key.slice(0, STEP_MAX_LENGTH)}…` : key;
  return IDENTIFIER.test(shown) ? `.${shown}` : `[${JSON.stringify(shown)}]`;
}

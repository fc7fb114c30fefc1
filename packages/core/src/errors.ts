/** Whether the method of a failed call ran: certainly not, perhaps, or certainly. */
export type Ran = "no" | "maybe" | "yes";

interface ErrorCodeEntry {
  readonly meaning: string;
  readonly ran: Ran;
  readonly retryable: boolean;
}

/**
 * Every code a `TroupeError` can carry, what it means, and what holds for it unless the error
 * itself says otherwise. `retryable` says that the same call may succeed later without a change of
 * program or configuration.
 */
export const ERROR_CODES = {
  TIMEOUT: {
    meaning: "The deadline of the call passed before its reply came.",
    ran: "maybe",
    retryable: true,
  },
  CANCELLED: {
    meaning: "The caller's signal was aborted before the reply came.",
    ran: "maybe",
    retryable: false,
  },
  MAILBOX_FULL: {
    meaning: "The actor has as many waiting turns as its mailbox allows.",
    ran: "no",
    retryable: true,
  },
  OVERLOADED: {
    meaning:
      "A limit on calls under way, on a link or on a call chain was reached, or calls come faster than a silo can serve them.",
    ran: "no",
    retryable: true,
  },
  DEADLOCK: {
    meaning: "The call would wait for a turn that waits for this call.",
    ran: "no",
    retryable: false,
  },
  NO_SUCH_ACTOR_TYPE: {
    meaning: "No active silo hosts the actor type.",
    ran: "no",
    retryable: false,
  },
  NO_SUITABLE_SILO: {
    meaning: "No active silo that hosts the actor type has the labels that the type asks for.",
    ran: "no",
    retryable: true,
  },
  NO_SUCH_METHOD: {
    meaning: "The actor type has no public method of that name.",
    ran: "no",
    retryable: false,
  },
  NOT_SERIALIZABLE: {
    meaning: "An argument, result or state value cannot be copied.",
    ran: "no",
    retryable: false,
  },
  PAYLOAD_TOO_LARGE: {
    meaning: "Arguments, a result or a state slot exceed the size limit.",
    ran: "no",
    retryable: false,
  },
  NOT_ACTIVE: {
    meaning: "The call was not to wake the actor (`ifActive`), and the actor is not active.",
    ran: "no",
    retryable: false,
  },
  FENCED: {
    meaning: "Another silo owns the actor by now; nothing of the refused turn was stored.",
    ran: "no",
    retryable: true,
  },
  STORE_UNAVAILABLE: {
    meaning: "The store did not answer in time or refused to write.",
    ran: "maybe",
    retryable: true,
  },
  CLUSTER_UNAVAILABLE: {
    meaning: "The membership store cannot be reached, or no silo is active.",
    ran: "no",
    retryable: true,
  },
  SILO_LOST: {
    meaning: "The connection to the silo that had the call broke.",
    ran: "maybe",
    retryable: true,
  },
  MOVED: {
    meaning: "The activation that served the stream ended: its actor moved, or was deactivated.",
    ran: "yes",
    retryable: true,
  },
  LAGGED: {
    meaning: "A reader of a feed was too slow, and missed what was pushed.",
    ran: "yes",
    retryable: true,
  },
  ACTIVATION_FAILED: {
    meaning: "The actor could not be constructed, loaded, or its onActivate threw.",
    ran: "no",
    retryable: true,
  },
  READONLY_WRITE: {
    meaning: "A readonly method wrote to a state slot, a reminder or a timer.",
    ran: "yes",
    retryable: false,
  },
  BAD_CONFIG: {
    meaning: "An option of a silo, a client or the command line is wrong.",
    ran: "no",
    retryable: false,
  },
  BAD_DEFINITION: {
    meaning: "An actor class is defined in a way that cannot work.",
    ran: "no",
    retryable: false,
  },
  BAD_ACTOR_ID: {
    meaning: "An actor id is not a non-empty string of at most 1,024 bytes of UTF-8.",
    ran: "no",
    retryable: false,
  },
  BAD_SCHEDULE: {
    meaning: "The options of a reminder or a timer are wrong.",
    ran: "no",
    retryable: false,
  },
  BAD_INPUT: {
    meaning: "What was published, or asked of a component, is wrong in itself.",
    ran: "no",
    retryable: false,
  },
  UNAUTHENTICATED: {
    meaning: "The peer did not show the token or certificate that is asked for.",
    ran: "no",
    retryable: false,
  },
  FORBIDDEN: {
    meaning: "The caller's role does not allow what it asked for.",
    ran: "no",
    retryable: false,
  },
  NO_SUCH_WORKFLOW: {
    meaning: "There is no run of the workflow with this id.",
    ran: "no",
    retryable: false,
  },
  WORKFLOW_ENDED: {
    meaning: "The run has ended, so nothing reaches it any more.",
    ran: "no",
    retryable: false,
  },
  WORKFLOW_OPEN: {
    meaning: "The run has not ended, and what was asked for needs one that has.",
    ran: "no",
    retryable: false,
  },
  ALREADY_EXISTS: {
    meaning: "There is a run of this id already, with another input.",
    ran: "no",
    retryable: false,
  },
  NO_SUCH_EVENT: {
    meaning: "The workflow declares no event of this name.",
    ran: "no",
    retryable: false,
  },
  NON_DETERMINISTIC: {
    meaning: "The code of a workflow does something else than its history says.",
    ran: "maybe",
    retryable: false,
  },
  NOT_DETERMINISTIC: {
    meaning: "The code of a workflow used something that is another one when it runs again.",
    ran: "no",
    retryable: false,
  },
  VERSION_MISSING: {
    meaning: "The silo does not have the version of a workflow that the run began with.",
    ran: "no",
    retryable: false,
  },
  FOREIGN_AWAIT: {
    meaning: "The code of a workflow waits for something that does not come from `ctx`.",
    ran: "maybe",
    retryable: false,
  },
  CONTEXT_MISUSE: {
    meaning: "The `ctx` of a workflow was used inside of a step, in another run, or after the end.",
    ran: "no",
    retryable: false,
  },
  STEP_LOST: {
    meaning: "A step was given up, because three silos were lost while it ran.",
    ran: "maybe",
    retryable: false,
  },
  HISTORY_FULL: {
    meaning: "The history of a run is as long as it may be.",
    ran: "no",
    retryable: false,
  },
  NO_SUCH_COMPONENT: {
    meaning: "No component of that name was opened for this building block.",
    ran: "no",
    retryable: false,
  },
  COMPONENT_UNAVAILABLE: {
    meaning: "A component did not answer in time, or what is behind it cannot be reached.",
    ran: "maybe",
    retryable: true,
  },
  CONFLICT: {
    meaning: "An item of a state component is not as the caller's condition says.",
    ran: "no",
    retryable: false,
  },
  NOT_SUPPORTED: {
    meaning: "The component cannot do what was asked of it.",
    ran: "no",
    retryable: false,
  },
  BINDING_FAILED: {
    meaning: "The other side of a binding refused what was asked of it.",
    ran: "maybe",
    retryable: false,
  },
  INTERNAL: { meaning: "Troupe itself failed; please report it.", ran: "maybe", retryable: false },
} as const satisfies Record<string, ErrorCodeEntry>;

/** A code that a `TroupeError` can carry. docs/errors.md says what to do about each. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What differs from the facts of the code in `ERROR_CODES`, and what caused the error. */
export interface TroupeErrorOptions {
  readonly ran?: Ran;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** Marks the errors of every copy of this package. */
const TROUPE_ERROR = Symbol.for("troupe.TroupeError");

const isOrdinaryInstance = Function.prototype[Symbol.hasInstance];

/**
 * Every failure that is Troupe's and not the actor's own.
 *
 * `ran` says whether the called method ran, `retryable` whether the same call may succeed later.
 * The message starts with the code and names the thing and the remedy.
 */
export class TroupeError extends Error {
  /**
   * True for what any copy of this package made, and it never throws, whatever the value is: a
   * proxy or a revoked one makes a plain `instanceof` throw.
   */
  static override [Symbol.hasInstance](this: unknown, value: unknown): boolean {
    try {
      if (this !== TroupeError) return isOrdinaryInstance.call(this as () => void, value);
      if (typeof value !== "object" || value === null || !(TROUPE_ERROR in value)) return false;
      return typeof (value as { readonly code?: unknown }).code === "string";
    } catch {
      return false;
    }
  }

  readonly code: ErrorCode;
  readonly ran: Ran;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: TroupeErrorOptions = {}) {
    super(
      `[${code}] ${message}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.ran = options.ran ?? ERROR_CODES[code].ran;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
  }

  /** The message without its code, for an error that says the same under another one. */
  get detail(): string {
    const start = `[${this.code}] `;
    const { message } = this;
    return message.startsWith(start) ? message.slice(start.length) : message;
  }

  static {
    // On the prototype, as built-in errors have it, so that instances have no field of their own
    // for it.
    this.prototype.name = "TroupeError";
    Object.defineProperty(this.prototype, TROUPE_ERROR, { value: true });
  }
}

/** The same error with another answer to whether the called method ran. */
export function withRan(error: TroupeError, ran: Ran): TroupeError {
  const { code, detail, retryable, cause } = error;
  return new TroupeError(code, detail, { ran, retryable, cause });
}

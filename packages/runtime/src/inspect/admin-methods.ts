import { type Logger, TroupeError } from "@troupe/core";
import type { AdminCaller, AdminMethod, AdminRole } from "@troupe/sdk";

/** Each role may do what those below it may. */
const RANKS = { client: 0, operator: 1, silo: 2 } as const satisfies Record<AdminRole, number>;

/** Refusals that are told in the log: whoever tries many things fills no log. */
const REPORTED_MAX = 1_000;

/**
 * The questions that a silo answers about itself, by name: those of the runtime, and those that
 * features have added (ADM-1, ADM-2).
 */
export class AdminMethods {
  readonly #siloId: string;
  readonly #methods = new Map<string, AdminMethod>();
  readonly #logger: Logger;
  /** Refusals that are in the log already, by caller and method. */
  readonly #reported = new Set<string>();

  /** Throws `BAD_DEFINITION` if two have the same name. */
  constructor(siloId: string, methods: readonly AdminMethod[], logger: Logger) {
    this.#siloId = siloId;
    this.#logger = logger;
    for (const method of methods) this.#add(method);
  }

  /** Answers what came as a call to the silo: its only argument is the request. */
  async answer(name: string, [request]: readonly unknown[], caller: AdminCaller): Promise<unknown> {
    const method = this.#methods.get(name);
    if (method === undefined) throw this.#unknown(name);
    if (RANKS[caller.role] < RANKS[method.role]) throw this.#notAllowed(method, caller);
    return method.answer(method.parse(request), { siloId: this.#siloId, caller });
  }

  #add(method: AdminMethod): void {
    if (this.#methods.has(method.name)) {
      const message = `two admin methods have the name ${method.name}; give one of them another`;
      throw new TroupeError("BAD_DEFINITION", message);
    }
    this.#methods.set(method.name, method);
  }

  #unknown(name: string): TroupeError {
    const known = [...this.#methods.keys()].join(", ");
    const message = `silo ${this.#siloId} has no admin method ${name}; it has ${known}`;
    return new TroupeError("NO_SUCH_METHOD", message);
  }

  #notAllowed({ name, role }: AdminMethod, { peerId, role: has }: AdminCaller): TroupeError {
    const message = `${name} is for ${role === "silo" ? "silos" : "operators"}, and ${peerId} is a ${has}; connect with the token of that role`;
    const refusal = `${peerId} ${name}`;
    if (this.#reported.size < REPORTED_MAX && !this.#reported.has(refusal)) {
      this.#reported.add(refusal);
      this.#logger.warn({ caller: peerId, role: has, method: name }, "a caller was refused");
    }
    return new TroupeError("FORBIDDEN", message);
  }
}

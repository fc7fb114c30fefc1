import { TroupeError } from "@troupe/core";
import type { AdminCaller, AdminMethod, AdminRole } from "@troupe/sdk";

/** Each role may do what those below it may. */
const RANKS = { client: 0, operator: 1, silo: 2 } as const satisfies Record<AdminRole, number>;

/**
 * The questions that a silo answers about itself, by name: those of the runtime, and those that
 * features have added (ADM-1, ADM-2).
 */
export class AdminMethods {
  readonly #siloId: string;
  readonly #methods = new Map<string, AdminMethod>();

  /** Throws `BAD_DEFINITION` if two have the same name. */
  constructor(siloId: string, methods: readonly AdminMethod[]) {
    this.#siloId = siloId;
    for (const method of methods) this.#add(method);
  }

  /** Answers what came as a call to the silo: its only argument is the request. */
  async answer(name: string, [request]: readonly unknown[], caller: AdminCaller): Promise<unknown> {
    const method = this.#methods.get(name);
    if (method === undefined) throw this.#unknown(name);
    if (RANKS[caller.role] < RANKS[method.role]) throw notAllowed(method, caller);
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
}

function notAllowed({ name, role }: AdminMethod, caller: AdminCaller): TroupeError {
  const message = `${name} is for ${role === "silo" ? "silos" : "operators"}, and ${caller.peerId} is a ${caller.role}; connect with the token of that role`;
  return new TroupeError("FORBIDDEN", message);
}

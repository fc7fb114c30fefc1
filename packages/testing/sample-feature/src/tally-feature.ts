import { TroupeError } from "@troupe/core";
import {
  type ActorDefinition,
  type AdminMethod,
  type CallFilters,
  defineBehaviour,
  type Extension,
} from "@troupe/sdk";
import { MARKS_TURN, TALLY, tallyPart } from "./tally-part.ts";
import { TallyService } from "./tally-service.ts";

/** What a program adds to `startSilo` for the feature. */
export interface TallyFeature {
  readonly extension: Extension;
  readonly filters: CallFilters;
  readonly tallied: ActorDefinition;
  /** The services of the silos that were started with it, in order. */
  readonly services: readonly TallyService[];
}

/** The header in which a filter says how many calls it has seen. */
export const COUNT_HEADER = "tally-count";

/** An actor type without a class: every method whose name begins with `mark` adds a mark. */
const tallied = defineBehaviour("Tallied", {
  openMethods: (name) => (name.startsWith("mark") ? {} : undefined),
  methods: { read: { readonly: true } },
  state: { last: {} },
  handlers: { tally: { marked: "noted" } },
  activate: (host) => {
    host.slots.initialise("last", "nothing");
    return {
      invoke(method, args) {
        if (method === "read") {
          const { headers } = host.context();
          const count = headers[COUNT_HEADER];
          return { last: host.slots.read("last"), marks: host.part(TALLY).marks, count };
        }
        if (method !== "noted") host.part(TALLY).mark(`${method} ${String(args[0])}`);
        if (args[0] === "poison") throw new RangeError("this mark is not wanted");
        host.slots.write("last", args[0]);
        return undefined;
      },
    };
  },
});

/** The feature, with nothing of it running yet. */
export function tallyFeature(): TallyFeature {
  const services: TallyService[] = [];
  let calls = 0;
  const marksOf: AdminMethod<string> = {
    name: "marksOf",
    role: "operator",
    parse: (request) => {
      if (typeof request === "string" && request !== "") return request;
      throw new TroupeError("BAD_CONFIG", "marksOf: give the id of an actor");
    },
    answer: () => undefined,
  };
  const extension: Extension = {
    name: "tally",
    parts: () => [tallyPart],
    services: (silo) => {
      const service = new TallyService(silo);
      services.push(service);
      return [service];
    },
    adminMethods: (silo) => [
      {
        ...marksOf,
        answer: (id) => silo.callTurn({ type: "Tallied", id: String(id) }, MARKS_TURN, []),
      },
    ],
  };
  const filters: CallFilters = {
    outgoing: [
      async (call, next) => {
        call.headers[COUNT_HEADER] = String(++calls);
        return await next();
      },
    ],
    incoming: [
      async (call, next) => {
        if (call.method === "markNothing") throw new TroupeError("BAD_CONFIG", "nothing to mark");
        return await next();
      },
    ],
  };
  return { extension, filters, tallied, services };
}

export * from "./actor-reference.ts";
export type {
  ActorIds,
  ActorSearch,
  ActorSearchOf,
  ReadResult,
  UntypedActorSearch,
} from "./actor-search.ts";
export { FoundActors } from "./actor-search.ts";
export * from "./admin-link.ts";
export * from "./ask-any-silo.ts";
export * from "./caller.ts";
export * from "./cluster-client.ts";
export type { DeadLetter, DeadLetterAccess, DeadLetters } from "./dead-letters.ts";
export * from "./deadline-timer.ts";
export * from "./filtered-call.ts";
export type { IdList, IdPage, IdQuery } from "./id-list.ts";
export { describeCall, turnToken } from "./outbound-call.ts";
export * from "./peer-links.ts";
export * from "./placement.ts";
export * from "./references.ts";
export * from "./ring.ts";
export * from "./router.ts";
export * from "./trace-context.ts";
export * from "./turn-scope.ts";
export { ANY_WORKER } from "./worker-call.ts";

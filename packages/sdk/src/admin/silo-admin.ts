import type { AdminCall } from "../extension/admin-method.ts";
import {
  activationsPage,
  type ActivationsPage,
  contentsPage,
  type ContentsPage,
  contentsRequest,
  type ContentsRequest,
  deadLettersPage,
  type DeadLettersPage,
  empty,
  type Empty,
  healthResponse,
  type HealthResponse,
  idsPage,
  type IdsPage,
  idsRequest,
  type IdsRequest,
  pageRequest,
  type PageRequest,
  remindersPage,
  type RemindersPage,
  snapshotResponse,
  type SnapshotResponse,
  storedActorsPage,
  type StoredActorsPage,
  switchRequest,
  type SwitchRequest,
  typedPageRequest,
  type TypedPageRequest,
} from "./silo-messages.ts";

/**
 * What operators ask of a silo, and clients a little: the service `SiloAdmin` of
 * `proto/troupe/admin.proto`.
 */
export interface SiloAdmin {
  /** The silo as it stands. */
  readonly snapshot: AdminCall<Empty, SnapshotResponse>;
  /** Tries the membership and the stores, and says what the silo's lease has left. */
  readonly health: AdminCall<Empty, HealthResponse>;
  /** What is active on the silo, by type and id. */
  readonly listActivations: AdminCall<TypedPageRequest, ActivationsPage>;
  /** What the silo makes tick, earliest first. */
  readonly listReminders: AdminCall<PageRequest, RemindersPage>;
  /** Dead letters of the whole cluster, oldest first. Every silo gives the same. */
  readonly listDeadLetters: AdminCall<PageRequest, DeadLettersPage>;
  /**
   * Actors of the whole cluster that have stored state. Every silo gives the same. A page may have
   * somewhat more than `pageSize`, or fewer though more follow, and an actor may come twice.
   */
  readonly listStoredActors: AdminCall<TypedPageRequest, StoredActorsPage>;
  /**
   * What is stored of actors, each as it was at one moment, for an export. It wakes and claims none
   * of them. Every silo gives the same. An answer has the first of the actors that fit into 1 MiB;
   * of one that does not fit alone, as much as does.
   */
  readonly listContents: AdminCall<ContentsRequest, ContentsPage>;
  /**
   * Ids of one type: those with stored fields in the whole cluster, as `listStoredActors`, or those
   * that are active on the silo, in order. A client may ask for types that it may call.
   */
  readonly listIds: AdminCall<IdsRequest, IdsPage>;
  /**
   * Puts a definition of an actor type in force. Fails with `BAD_CONFIG` if no active silo runs it,
   * and with `BAD_DEFINITION` if a later version has stored state.
   */
  readonly switchDefinition: AdminCall<SwitchRequest, Empty>;
  /** Makes the silo move everything away and stop. The answer comes when it has begun. */
  readonly drain: AdminCall<Empty, Empty>;
}

/** The calls that a silo answers to operators, with their names, roles and messages. */
export const SILO_ADMIN: SiloAdmin = {
  snapshot: {
    name: "snapshot",
    role: "operator",
    request: empty,
    response: snapshotResponse,
  },
  health: { name: "health", role: "operator", request: empty, response: healthResponse },
  listActivations: {
    name: "listActivations",
    role: "operator",
    request: typedPageRequest,
    response: activationsPage,
  },
  listReminders: {
    name: "listReminders",
    role: "operator",
    request: pageRequest,
    response: remindersPage,
  },
  listDeadLetters: {
    name: "listDeadLetters",
    role: "operator",
    request: pageRequest,
    response: deadLettersPage,
  },
  listStoredActors: {
    name: "listStoredActors",
    role: "operator",
    request: typedPageRequest,
    response: storedActorsPage,
  },
  listContents: {
    name: "listContents",
    role: "operator",
    request: contentsRequest,
    response: contentsPage,
  },
  listIds: { name: "listIds", role: "client", request: idsRequest, response: idsPage },
  switchDefinition: {
    name: "switchDefinition",
    role: "operator",
    request: switchRequest,
    response: empty,
  },
  drain: { name: "drain", role: "operator", request: empty, response: empty },
};

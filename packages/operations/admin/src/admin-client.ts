import { ADMIN_LINK, type Administered, type AdminLink, askAnySilo } from "@troupe/client";
import {
  type ActorAddress,
  formatAddress,
  type Member,
  messageOf,
  TroupeError,
  type View,
} from "@troupe/core";
import {
  type ActivationInfo,
  type ActorReminder,
  actorReminder,
  type ActorReport,
  actorReport,
  type AdminCall,
  type DeadLetterEntry,
  type DueReminder,
  type FieldKind,
  IMPORT_RESULTS,
  type ImportResult,
  listOf,
  packFields,
  SILO_ADMIN,
  type HealthResponse,
  type SnapshotResponse,
  type StoredActor,
} from "@troupe/sdk";
import { type ActorContents, readContents } from "./actor-contents.ts";

/** A part of a long list. */
interface Page<T> {
  readonly entries: readonly T[];
  /** Empty on the last page. */
  readonly next: string;
}

/** How an actor is imported. */
export interface ImportActorOptions {
  /** Tells the export from every other. */
  readonly exportId: string;
  /** Overwrites an actor that has stored something else. Default: false. */
  readonly replace?: boolean;
  /** Leaves an actor alone into which this export has been imported before. Default: false. */
  readonly resume?: boolean;
}

/** Bytes of one slice: a request stays far below the limit of a message. */
const SLICE_BYTES = 1024 * 1024;

const actorReminders = listOf(actorReminder);

/**
 * What operators ask of a cluster, through a client of it or through a silo. It needs no closing:
 * its questions end with the client that it was made of.
 *
 * Each question rejects within seconds if the silo does not answer, with `FORBIDDEN` if the
 * process is not an operator, and with `NO_SUCH_METHOD` if the silo is of a version that does not
 * know the question. Lists are read page by page while they are iterated.
 *
 * @example
 * ```ts
 * const admin = new AdminClient(cluster);
 * for (const { siloId } of admin.view.members) console.log(await admin.snapshot(siloId));
 * for await (const { type, id } of admin.storedActors({ type: "Account" })) console.log(type, id);
 * ```
 */
export class AdminClient {
  readonly #link: AdminLink;

  constructor(cluster: Administered) {
    this.#link = cluster[ADMIN_LINK];
  }

  /** The members as the process knows them. */
  get view(): View {
    return this.#link.view;
  }

  /** The silos that have something to say: one that is just joining has nothing yet. */
  get silos(): readonly Member[] {
    return this.view.members.filter(({ state }) => state !== "joining");
  }

  /** Asks a silo any question of a contract, such as one that a feature has added. */
  async ask<Request, Response>(
    siloId: string,
    call: AdminCall<Request, Response>,
    request: Request,
  ): Promise<Response> {
    const answer = await this.#link.askSilo(siloId, call.name, request);
    return readAnswer(call.response, answer, `${call.name} of silo ${siloId}`);
  }

  /** A silo as it stands. */
  snapshot(siloId: string): Promise<SnapshotResponse> {
    return this.ask(siloId, SILO_ADMIN.snapshot, {});
  }

  /** What a silo depends on: it tries the membership and the stores, which takes 2 s at most. */
  health(siloId: string): Promise<HealthResponse> {
    return this.ask(siloId, SILO_ADMIN.health, {});
  }

  /** Makes a silo move everything away and stop. Resolves when it has begun. */
  async drain(siloId: string): Promise<void> {
    await this.ask(siloId, SILO_ADMIN.drain, {});
  }

  /**
   * Puts the definition of an actor type with this digest in force. Rejects with `BAD_CONFIG` if no
   * active silo runs it, and with `BAD_DEFINITION` if a later version has stored state.
   */
  async switchDefinition(type: string, digest: string): Promise<void> {
    await this.#askAny(SILO_ADMIN.switchDefinition, { type, digest });
  }

  /** What is active on a silo, by type and id. */
  activations(
    siloId: string,
    { type = "" }: { readonly type?: string } = {},
  ): AsyncIterable<ActivationInfo> {
    return pages(async (cursor) => {
      const request = { type, pageSize: 0, cursor };
      const page = await this.ask(siloId, SILO_ADMIN.listActivations, request);
      return { entries: page.activations, next: page.next };
    });
  }

  /** What a silo makes tick, earliest first. */
  reminders(siloId: string): AsyncIterable<DueReminder> {
    return pages(async (cursor) => {
      const page = await this.ask(siloId, SILO_ADMIN.listReminders, { pageSize: 0, cursor });
      return { entries: page.reminders, next: page.next };
    });
  }

  /** Which actors of the cluster have dead letters, one entry a letter, oldest first. */
  deadLetters(): AsyncIterable<DeadLetterEntry> {
    return pages(async (cursor) => {
      const page = await this.#askAny(SILO_ADMIN.listDeadLetters, { pageSize: 0, cursor });
      return { entries: page.letters, next: page.next };
    });
  }

  /**
   * The actors of the cluster that have stored state, whether they are active or not. Now and then
   * an actor comes twice.
   */
  storedActors({ type = "" }: { readonly type?: string } = {}): AsyncIterable<StoredActor> {
    return pages(async (cursor) => {
      const request = { type, pageSize: 0, cursor };
      const page = await this.#askAny(SILO_ADMIN.listStoredActors, request);
      return { entries: page.actors, next: page.next };
    });
  }

  /** The reminders of one actor. It wakes the actor. */
  async remindersOf(address: ActorAddress): Promise<readonly ActorReminder[]> {
    const answer = await this.#link.askActor(address, "$reminders", []);
    return readAnswer(actorReminders, answer, `the reminders of ${formatAddress(address)}`);
  }

  /** How an actor stands: what is stored of it, and what runs. It does not wake the actor. */
  async show(address: ActorAddress): Promise<ActorReport> {
    const answer = await this.#link.askActor(address, "$show", []);
    return readAnswer(actorReport, answer, `$show of ${formatAddress(address)}`);
  }

  /**
   * What is stored of each of the actors, as it was at one moment. It wakes and claims none of
   * them. An actor of which nothing is stored is left out.
   */
  contents(actors: readonly ActorAddress[]): AsyncIterable<ActorContents> {
    return readContents(actors, async (some, offset) => {
      const asked = some.map(({ type, id }) => ({ type, id }));
      return (await this.#askAny(SILO_ADMIN.listContents, { actors: asked, offset })).actors;
    });
  }

  /**
   * Stores an actor that was exported elsewhere. The result says what became of it; `exists` if it
   * has stored something else, which is left as it is. Rejects if the actor cannot be stored. It
   * may be repeated if the error is `retryable`.
   */
  async importActor(actor: ActorContents, options: ImportActorOptions): Promise<ImportResult> {
    const { exportId, replace = false, resume = false } = options;
    const { type, id, epoch } = actor;
    const all = packFields(actor.fields);
    let offset = 0;
    while (true) {
      const fields = all.subarray(offset, offset + SLICE_BYTES);
      const request = { exportId, epoch, replace, resume, size: all.length, offset, fields };
      // oxlint-disable-next-line no-await-in-loop -- one slice after the other.
      const answer = await this.#link.askActor({ type, id }, "$import", [request]);
      const result = IMPORT_RESULTS.find((known) => known === answer);
      if (result === undefined)
        throw new TroupeError(
          "INTERNAL",
          `the import of ${formatAddress(actor)} gave ${String(answer)}`,
        );
      offset += fields.length;
      if (result !== "more") return result;
    }
  }

  /**
   * Deletes an actor: its state, its reminders and its timers, as `Actor.destroy` does. It wakes
   * the actor.
   */
  async destroy(address: ActorAddress): Promise<void> {
    await this.#link.askActor(address, "$destroy", []);
  }

  /** The answer of the first silo that gives one: they would all give the same. */
  #askAny<Request, Response>(
    call: AdminCall<Request, Response>,
    request: Request,
  ): Promise<Response> {
    return askAnySilo(this.view, call.name, (siloId) => this.ask(siloId, call, request));
  }
}

async function* pages<T>(
  read: (cursor: string) => Promise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  let cursor = "";
  do {
    // oxlint-disable-next-line no-await-in-loop -- a page says where the next one begins.
    const page = await read(cursor);
    yield* page.entries;
    cursor = page.next;
  } while (cursor !== "");
}

function readAnswer<T>(kind: FieldKind<T>, answer: unknown, what: string): T {
  try {
    return kind.read(answer, what);
  } catch (cause) {
    const message = `the answer to ${what} cannot be read, which happens between versions: ${messageOf(cause)}`;
    throw new TroupeError("INTERNAL", message, { cause });
  }
}

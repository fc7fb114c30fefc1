import {
  CLIENT_PREFIX,
  type Clock,
  type Envelope,
  EMPTY_VIEW,
  type Hello,
  INSPECT,
  type Link,
  type Logger,
  type MembershipProvider,
  PROTOCOL_VERSION,
  type Random,
  randomId,
  type Role,
  siloCount,
  type Transport,
  type View,
  type ViewWatch,
} from "@troupe/core";
import {
  type Actor,
  type ActorClass,
  type ActorRef,
  type ActorType,
  type CallFilters,
  type CallOptions,
  definitionsOf,
  type UntypedActorRef,
} from "@troupe/sdk";
import type {
  ActorSearch,
  ActorSearchOf,
  FoundActors,
  UntypedActorSearch,
} from "./actor-search.ts";
import { ADMIN_LINK, type Administered, type AdminLink, adminLink } from "./admin-link.ts";
import { Caller } from "./caller.ts";
import type { DeadLetterAccess, DeadLetters } from "./dead-letters.ts";
import { filteredCalls } from "./filtered-call.ts";
import { PeerLinks } from "./peer-links.ts";
import { Placement } from "./placement.ts";
import { type ActorReferences, References } from "./references.ts";
import { Router } from "./router.ts";

/** What a client needs from outside. Whoever opened the ports closes them, after the client. */
export interface ClientPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly transport: Transport;
  readonly membership: MembershipProvider;
}

/** What a client is given to work with. */
export interface ClientOptions {
  readonly cluster: string;
  /** What this client asks to be, and its transport can prove. Default: `"operator"`. */
  readonly role?: Exclude<Role, "silo">;
  /** The name that its transport can prove. Default: it has none of its own. */
  readonly name?: string | undefined;
  /** Classes whose references by name should know their methods and time limits. */
  readonly actors?: readonly ActorType[];
  /** What each call of this client passes, from the outermost to the innermost. */
  readonly filters?: Pick<CallFilters, "outgoing">;
}

/**
 * A caller outside the cluster. It watches the membership and sends each call straight to the silo
 * that owns the actor.
 */
export class ClusterClient
  implements ActorReferences, ActorSearch, DeadLetterAccess, Administered, AsyncDisposable
{
  readonly #router: Router;
  readonly #caller: Caller;
  readonly #references: References;
  readonly #links: PeerLinks;
  readonly #cluster: string;
  #watch: ViewWatch | undefined;
  #placement = new Placement(EMPTY_VIEW);
  #closing: Promise<void> | undefined;

  /**
   * Resolves when the members are known. Rejects with `CLUSTER_UNAVAILABLE` if the membership store
   * does not answer.
   */
  static async connect(ports: ClientPorts, options: ClientOptions): Promise<ClusterClient> {
    const client = new ClusterClient(ports, options);
    client.#watch = await ports.membership.watch({
      onView: (view) => client.#setView(view),
      onBroken: (error) =>
        ports.logger.warn(
          { reason: error.message },
          "the watch of the cluster's members broke; going on with the last view",
        ),
    });
    return client;
  }

  private constructor(ports: ClientPorts, options: ClientOptions) {
    const { clock, logger, transport } = ports;
    this.#cluster = options.cluster;
    const peerId = CLIENT_PREFIX + randomId(ports.random);
    const hello: Hello = {
      protocol: PROTOCOL_VERSION,
      cluster: options.cluster,
      role: options.role ?? "operator",
      name: options.name,
      peerId,
    };
    this.#links = new PeerLinks({
      clock,
      logger,
      transport,
      hello,
      dials: () => "when-needed",
      events: {
        onEnvelope: (envelope, link) => this.#receive(envelope, link),
        onUp: () => this.#router.linkUp(),
        onDown: (siloId, reason) => this.#router.linkDown(siloId, reason),
        onRefused() {},
        onRejected: (siloId, error) => this.#router.siloRejects(siloId, error),
      },
    });
    this.#router = new Router(
      {
        peerId,
        cluster: options.cluster,
        clock,
        random: ports.random,
        local: undefined,
        linkTo: (siloId) => this.#links.linkTo(siloId),
        makeReference: (address) => this.#references.reference(address),
      },
      this.#placement,
    );
    this.#caller = new Caller(clock, this.#router);
    this.#references = new References(
      definitionsOf(options.actors ?? []),
      filteredCalls(options.filters?.outgoing, clock, this.#caller),
    );
  }

  /** Names this client in the cluster, in logs and in the ids of its calls. */
  get peerId(): string {
    return this.#router.peerId;
  }

  [INSPECT](): string {
    return `ClusterClient <${this.peerId} of ${this.#cluster}, sees ${siloCount(this.view)}>`;
  }

  /** The members as this client knows them. */
  get view(): View {
    return this.#placement.view;
  }

  actor<A extends Actor = never>(
    type: string,
    id: string,
    options?: CallOptions,
  ): [A] extends [never] ? UntypedActorRef : ActorRef<A>;
  actor<A extends Actor>(type: ActorClass<A>, id: string, options?: CallOptions): ActorRef<A>;
  actor(type: ActorClass | string, id: string, options?: CallOptions): object {
    return this.#references.actor(type, id, options);
  }

  worker<A extends Actor = never>(
    type: string,
    options?: CallOptions,
  ): [A] extends [never] ? UntypedActorRef : ActorRef<A>;
  worker<A extends Actor>(type: ActorClass<A>, options?: CallOptions): ActorRef<A>;
  worker(type: ActorClass | string, options?: CallOptions): object {
    return this.#references.worker(type, options);
  }

  actors<A extends Actor>(type: ActorClass<A>, options?: CallOptions): ActorSearchOf<A>;
  actors<A extends Actor = never>(
    type: string,
    options?: CallOptions,
  ): [A] extends [never] ? UntypedActorSearch : ActorSearchOf<A>;
  actors(type: ActorClass | string, options?: CallOptions): FoundActors {
    return this.#references.actors(type, options, this[ADMIN_LINK]);
  }

  deadLetters(type: ActorClass | string, id: string): DeadLetters {
    return this.#references.deadLetters(type, id, (target, turn, args) =>
      this.#caller.callSystem(target, turn, args),
    );
  }

  get [ADMIN_LINK](): AdminLink {
    return adminLink(
      () => this.view,
      (target, method, args) => this.#caller.callSystem(target, method, args),
    );
  }

  /**
   * Ends every call that is under way with `CANCELLED`, and closes the links. Closing twice is
   * harmless.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#router.close();
    this.#links.close("the client was closed");
    await this.#watch?.close();
  }

  #setView(view: View): void {
    this.#placement = new Placement(view);
    this.#links.setMembers(view.members.filter((member) => member.state !== "joining"));
    this.#router.setPlacement(this.#placement);
  }

  #receive(envelope: Envelope, link: Link): void {
    switch (envelope.kind) {
      case "reply":
        this.#router.reply(envelope.callId, envelope.outcome);
        return;
      case "item":
        this.#router.item(envelope.callId, envelope.item);
        return;
      case "ping":
        link.send({ kind: "pong", nonce: envelope.nonce });
        return;
      case "pong":
        return;
      case "request":
      case "cancel":
      case "credit":
      case "released":
        link.close("a client takes no calls");
        return;
    }
  }
}

import { createHmac, randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { CLIENT_PREFIX, type Principal, type Role, ROLES } from "./principal.ts";
import type { Hello, Refusal } from "./transport.ts";

/** The secret of each role that this process knows, or asks for. */
export type Secrets = { readonly [R in Role]?: string | undefined } & {
  /** Those of clients with names of their own, by the name. */
  readonly clients?: Readonly<Record<string, string>> | undefined;
};

/** As who somebody wants to open a link. */
export type ClaimedRole = Pick<Hello, "role" | "name">;

/** One secret for every role. */
export function secretsOf(token: string): Secrets {
  return { silo: token, client: token, operator: token };
}

/** Names of certificates (subject alternative names, or common names), by the role they give. */
export type CertificateRoles = { readonly [R in Role]?: readonly string[] | undefined };

/** What a process knows that lets it prove who it is, and what it asks of others. */
export interface AuthenticationOptions {
  readonly cluster: string;
  /** Default: none is asked for and none is proven. */
  readonly secrets?: Secrets;
  /** Default: a certificate says nothing of the role. */
  readonly certificateRoles?: CertificateRoles | undefined;
}

/** Bytes of a nonce. */
export const NONCE_BYTES = 32;

/** Bytes of a proof. */
export const PROOF_BYTES = 32;

/** What both sides of a handshake know before either proves anything. */
export interface HandshakeTranscript {
  readonly dialler: Hello;
  readonly listener: Hello;
  readonly diallerNonce: Uint8Array;
  readonly listenerNonce: Uint8Array;
  /** What tells the encrypted channel from every other; empty if there is none. */
  readonly channel: string;
}

/** The side of a handshake: who opened the connection, or who was called. */
export type Side = "dialler" | "listener";

/** What a side does when it has read the other side's hello. */
export type Greeting =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  /** No secret is asked for. */
  | { readonly kind: "open"; readonly principal: Principal }
  /** The link opens with this principal once both sides have proven the secret. */
  | { readonly kind: "prove"; readonly principal: Principal };

/**
 * Who is at the other end of a link, and how this side proves who it is.
 *
 * AUT-1. A secret never leaves the process. What is sent is an HMAC under a key made of it, over a
 *        nonce of each side: it is good for this one handshake.
 * AUT-2. A proof names its side, the role, the client's name if it has one, the cluster, the ids of
 *        both sides and the encrypted channel. So it cannot be sent back to its maker, nor be used
 *        for another role or name, by another peer or to another silo.
 * AUT-3. The dialler proves first, and the listener only to a dialler that has proven. Whoever
 *        dials learns nothing; a false listener learns a proof that is good for nothing.
 * AUT-4. A link of a silo needs the proof of the silos' secret from both sides. For a client or an
 *        operator the listener proves that it knows the secret of that role.
 * AUT-5. If any secret is asked for, a role without a secret of its own can be taken only by those
 *        who know the silos', who are trusted with everything.
 * AUT-6. The name of a principal was proven, by its own secret or by a certificate, or begins with
 *        "client-" as no proven one does. Whoever gives a name that there is not hears what the one
 *        hears who gives a wrong secret.
 */
export class Authentication {
  readonly #cluster: string;
  readonly #keys: ReadonlyMap<Role, Uint8Array>;
  readonly #names: NamedKeys;
  readonly #certificateRoles: CertificateRoles | undefined;

  constructor({ cluster, secrets = {}, certificateRoles }: AuthenticationOptions) {
    this.#cluster = cluster;
    this.#keys = keysOf(secrets, cluster);
    this.#names = new NamedKeys(secrets.clients ?? {}, cluster);
    this.#certificateRoles = certificateRoles;
  }

  /** True if this process knows the secret of the role, or that of the name. */
  knows({ role, name }: ClaimedRole): boolean {
    return name === undefined ? this.#keys.has(role) : this.#names.has(role, name);
  }

  /**
   * For a listener: what to answer to a dialler's hello. `certificate`: names, if TLS showed one.
   */
  greetDialler(
    remote: Hello,
    hasNonce: boolean,
    certificate: readonly string[] | undefined,
  ): Greeting {
    const found = this.#principalOf(remote, certificate);
    if (found.kind === "refuse" || !this.#asks) return found;
    if (remote.cluster !== this.#cluster) return refuse("BAD_CONFIG", this.#otherCluster(remote));
    const { role, name, peerId } = remote;
    if (name !== undefined && role !== "client") {
      const message = `${peerId} wants to be the ${role} ${name}, and only clients have names of their own`;
      return refuse("UNAUTHENTICATED", message);
    }
    if (name === undefined && !this.#keys.has(role)) {
      const message = `cluster ${this.#cluster} has no secret for the role ${role}, so ${peerId} cannot take it; set tokens.${role} on the silos`;
      return refuse("UNAUTHENTICATED", message);
    }
    if (hasNonce) return { kind: "prove", principal: { ...found.principal, ...named(remote) } };
    const message = `cluster ${this.#cluster} asks for a token, and ${peerId} proves none; give it tokens.${role} or token (version 0.1 of Troupe cannot prove one)`;
    return refuse("UNAUTHENTICATED", message);
  }

  /** For a dialler: what to do after the listener's hello. */
  greetListener(
    own: ClaimedRole,
    remote: Hello,
    peer: { readonly hasNonce: boolean; readonly certificate: readonly string[] | undefined },
  ): Greeting {
    if (remote.role !== "silo")
      return refuse("UNAUTHENTICATED", `${remote.peerId} listens, and is not a silo`);
    const found = this.#principalOf(remote, peer.certificate);
    if (found.kind === "refuse") return found;
    if (this.knows(own) && !peer.hasNonce) {
      const message = `${remote.peerId} does not prove that it knows the secret of cluster ${this.#cluster}; it has no token, is of an older version, or is not of this cluster`;
      return refuse("UNAUTHENTICATED", message);
    }
    if (!this.knows(own) && peer.hasNonce) {
      const message = `cluster ${this.#cluster} asks for a token; set tokens.${own.role} or token`;
      return refuse("UNAUTHENTICATED", message);
    }
    return peer.hasNonce ? { kind: "prove", principal: found.principal } : found;
  }

  /** This side's proof. Throws if the dialler's secret is not known; see `knows`. */
  prove(side: Side, facts: HandshakeTranscript): Uint8Array {
    const key = this.#keyOf(facts.dialler);
    if (key === undefined) throw new Error(`the secret of ${claimed(facts.dialler)} is not known`);
    return proofOf(side, facts, key);
  }

  /** Whether the other side, which is `side`, has proven the secret of the dialler. */
  verify(side: Side, facts: HandshakeTranscript, proof: Uint8Array): boolean {
    const key = this.#keyOf(facts.dialler);
    // A key of nobody's, so that a name which there is not takes the time of a wrong secret.
    const right = proofOf(side, facts, key ?? randomBytes(PROOF_BYTES));
    return proof.length === PROOF_BYTES && timingSafeEqual(right, proof) && key !== undefined;
  }

  /** True if anybody has to prove anything. */
  get #asks(): boolean {
    return this.#keys.size > 0 || this.#names.size > 0;
  }

  #keyOf({ role, name }: ClaimedRole): Uint8Array | undefined {
    return name === undefined ? this.#keys.get(role) : this.#names.keyOf(role, name);
  }

  #principalOf(
    remote: Hello,
    certificate: readonly string[] | undefined,
  ): Exclude<Greeting, { kind: "prove" }> {
    const { role, peerId } = remote;
    const name = role === "silo" ? peerId : (certificate?.[0] ?? unproven(peerId));
    const roles = this.#certificateRoles;
    // Whoever may be a silo may be anything: it is trusted with everything already.
    const allowed = [...(roles?.[role] ?? []), ...(roles?.silo ?? [])];
    if (roles === undefined || certificate?.some((shown) => allowed.includes(shown)) === true)
      return { kind: "open", principal: { role, name } };
    const shown = certificate === undefined ? "no certificate" : certificate.join(", ");
    const message = `${peerId} wants to be a ${role} and shows ${shown}; name one of these in tls.roles.${role}`;
    return refuse("UNAUTHENTICATED", message);
  }

  #otherCluster(remote: Hello): string {
    return `this silo belongs to cluster ${this.#cluster}, not ${remote.cluster}; check the cluster option and the address`;
  }
}

/** The keys of clients with names. Each is made when it is first asked for, since it takes long. */
class NamedKeys {
  readonly #cluster: string;
  readonly #secrets: ReadonlyMap<string, string>;
  readonly #keys = new Map<string, Uint8Array>();

  constructor(secrets: Readonly<Record<string, string>>, cluster: string) {
    this.#cluster = cluster;
    this.#secrets = new Map(Object.entries(secrets));
  }

  get size(): number {
    return this.#secrets.size;
  }

  has(role: Role, name: string): boolean {
    return role === "client" && this.#secrets.has(name);
  }

  keyOf(role: Role, name: string): Uint8Array | undefined {
    const secret = this.has(role, name) ? this.#secrets.get(name) : undefined;
    if (secret === undefined) return undefined;
    const key = this.#keys.get(name) ?? stretched(secret, this.#cluster);
    this.#keys.set(name, key);
    return key;
  }
}

/** For processes that neither ask for a secret nor have one. */
export const NO_AUTHENTICATION = new Authentication({ cluster: "" });

function refuse(code: Refusal["code"], message: string): { kind: "refuse"; refusal: Refusal } {
  return { kind: "refuse", refusal: { code, message } };
}

/** So that a proof which somebody has seen cannot be tried against many guesses. */
function stretched(secret: string, cluster: string): Uint8Array {
  return scryptSync(secret, `troupe/${cluster}`, PROOF_BYTES);
}

/** What a client is called that has proven no name. */
function unproven(peerId: string): string {
  return peerId.startsWith(CLIENT_PREFIX) ? peerId : CLIENT_PREFIX + peerId;
}

function named({ name }: ClaimedRole): { readonly name?: string } {
  return name === undefined ? {} : { name };
}

/** Whose secret it is that has to be proven, for messages. */
export function claimed({ role, name }: ClaimedRole): string {
  return name === undefined ? `the role ${role}` : `the ${role} ${name}`;
}

function keysOf(secrets: Secrets, cluster: string): ReadonlyMap<Role, Uint8Array> {
  const known = new Map<string, Uint8Array>();
  const keys = new Map<Role, Uint8Array>();
  for (const role of ROLES) {
    const secret = secrets[role];
    if (secret === undefined) continue;
    const key = known.get(secret) ?? stretched(secret, cluster);
    known.set(secret, key);
    keys.set(role, key);
  }
  const siloKey = keys.get("silo");
  for (const role of siloKey === undefined ? [] : ROLES) {
    if (!keys.has(role) && siloKey !== undefined)
      keys.set(role, createHmac("sha256", siloKey).update(role).digest());
  }
  return keys;
}

function proofOf(side: Side, facts: HandshakeTranscript, key: Uint8Array): Uint8Array {
  return createHmac("sha256", key).update(textOf(side, facts)).digest();
}

/** No two handshakes have the same text. */
function textOf(side: Side, facts: HandshakeTranscript): string {
  const { dialler, listener, diallerNonce, listenerNonce, channel } = facts;
  return JSON.stringify([
    "troupe/1",
    side,
    dialler.role,
    dialler.cluster,
    listener.cluster,
    dialler.peerId,
    listener.peerId,
    Buffer.from(diallerNonce).toString("base64"),
    Buffer.from(listenerNonce).toString("base64"),
    channel,
    ...(dialler.name === undefined ? [] : [dialler.name]),
  ]);
}

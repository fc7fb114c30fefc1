import {
  type CertificateRoles,
  type Role,
  ROLES,
  type Secrets,
  secretsOf,
  TroupeError,
} from "@troupe/core";
import { isLoopback } from "./host-port.ts";
import type { OptionName } from "./option-catalog.ts";

/** The options that say who may do what, as they were given. */
export interface AccessOptions {
  readonly listen: { readonly host: string };
  readonly token?: string | undefined;
  readonly "tokens.silo"?: string | undefined;
  readonly "tokens.client"?: string | undefined;
  readonly "tokens.operator"?: string | undefined;
  readonly "tokens.clients"?: Readonly<Record<string, string>> | undefined;
  readonly name?: string | undefined;
  readonly "tls.cert"?: string | undefined;
  readonly "tls.roles.silo"?: readonly string[] | undefined;
  readonly "tls.roles.client"?: readonly string[] | undefined;
  readonly "tls.roles.operator"?: readonly string[] | undefined;
  readonly role?: Exclude<Role, "silo"> | undefined;
}

/** Who may do what, and what this process can prove. */
export interface AccessSettings {
  /** The secret of each role, and of clients with names; empty if none is asked for. */
  readonly secrets: Secrets;
  /** Names of certificates by the role they give; undefined if a certificate gives none. */
  readonly certificateRoles: CertificateRoles | undefined;
  /** What a client of this process is called, if it proves a name. */
  readonly name: string | undefined;
  /** What a client of this process asks to be. */
  readonly role: Exclude<Role, "silo">;
  /** What an operator should know about the options of a silo. */
  readonly warnings: readonly string[];
}

export function accessOf(options: AccessOptions): AccessSettings {
  const secrets = givenSecrets(options);
  const roles = Object.fromEntries(ROLES.map((role) => [role, options[`tls.roles.${role}`]]));
  const hasRoles = ROLES.some((role) => roles[role] !== undefined);
  return {
    secrets,
    certificateRoles: hasRoles ? roles : undefined,
    name: options.name,
    role: options.role ?? (options.name === undefined ? highestRole(secrets) : "client"),
    warnings: warningsOf(options, hasRoles),
  };
}

/** What is right by itself and wrong together. */
export function accessProblems(options: AccessOptions): { option: OptionName; right: string }[] {
  const problems: { option: OptionName; right: string }[] = [];
  const several = [...ROLES, "clients" as const].filter(
    (role) => options[`tokens.${role}`] !== undefined,
  );
  if (options.token !== undefined && several.length > 0) {
    const right = "is the one secret of every role: give token or tokens, not both";
    problems.push({ option: "token", right });
  }
  const twin = sharedName(options);
  if (twin !== undefined) problems.push({ option: "tokens.clients", right: twin });
  if (options.name !== undefined && options.role === "operator")
    problems.push({ option: "name", right: "only clients have names: leave out name or role" });
  for (const role of ROLES) {
    const isGiven = options[`tls.roles.${role}`] !== undefined;
    if (isGiven && options["tls.cert"] === undefined)
      problems.push({ option: `tls.roles.${role}`, right: "needs tls.ca, tls.cert and tls.key" });
  }
  return problems;
}

/**
 * What a client proves: the secret of its name, if it has one. Throws `BAD_CONFIG` if it has a name
 * without a secret, or several secrets of names and no name.
 */
export function secretsOfClient({ secrets, name }: AccessSettings): Secrets {
  const { clients = {}, client } = secrets;
  if (name === undefined) {
    const isUnsaid = secrets.clients !== undefined && ROLES.every((role) => !secrets[role]);
    if (!isUnsaid) return secrets;
    const message = `name is missing: say which of ${Object.keys(clients).join(", ")} in tokens.clients this client is`;
    throw new TroupeError("BAD_CONFIG", message);
  }
  const own = Object.hasOwn(clients, name) ? clients[name] : client;
  if (own !== undefined) return { clients: { [name]: own } };
  const message = `a client proves its name by a secret, and there is none for ${name}; give it as tokens.client`;
  throw new TroupeError("BAD_CONFIG", message);
}

/** Throws `BAD_CONFIG` if a silo could not prove that it is one. */
export function checkSiloAccess({ secrets }: AccessSettings): void {
  const known = [...ROLES, "clients" as const].filter((role) => secrets[role] !== undefined);
  if (known.length === 0 || secrets.silo !== undefined) return;
  const message = `tokens.silo is missing: silos prove to each other that they know it; tokens has ${known.join(" and ")} only`;
  throw new TroupeError("BAD_CONFIG", message);
}

function givenSecrets(options: AccessOptions): Secrets {
  if (options.token !== undefined) return secretsOf(options.token);
  return Object.fromEntries(
    [...ROLES, "clients" as const].flatMap((role) => {
      const secret = options[`tokens.${role}`];
      return secret === undefined ? [] : [[role, secret]];
    }),
  );
}

/** With the secret of another, a client could take the other's name, or a role. */
function sharedName(options: AccessOptions): string | undefined {
  const owners = new Map(ROLES.map((role) => [options[`tokens.${role}`], `tokens.${role}`]));
  for (const [name, secret] of Object.entries(options["tokens.clients"] ?? {})) {
    const owner = owners.get(secret);
    if (owner !== undefined)
      return `${name} has the secret of ${owner}: give each a secret of its own`;
    owners.set(secret, name);
  }
  return undefined;
}

/** With no secret at all nothing has to be proven. */
function highestRole(secrets: Secrets): Exclude<Role, "silo"> {
  return secrets.operator === undefined && secrets.client !== undefined ? "client" : "operator";
}

function warningsOf(options: AccessOptions, hasRoles: boolean): string[] {
  if (isLoopback(options.listen.host)) return [];
  const warnings: string[] = [];
  const hasTls = options["tls.cert"] !== undefined;
  const secrets = givenSecrets(options);
  if (secrets.silo === undefined && hasTls && !hasRoles)
    warnings.push(
      "every certificate of the authority can be a silo; name those of silos, clients and operators in tls.roles, or set tokens",
    );
  if (secrets.silo !== undefined && !hasRoles && isShared(secrets))
    warnings.push(
      "one token is the secret of several roles, so whoever knows it can be a silo; give each role its own in tokens.silo, tokens.client and tokens.operator",
    );
  if (secrets.silo !== undefined && !hasTls)
    warnings.push(
      "links beyond this machine are not encrypted: whoever is on the way can read and change calls; set tls",
    );
  return warnings;
}

function isShared({ silo, client, operator }: Secrets): boolean {
  return silo === client || silo === operator;
}

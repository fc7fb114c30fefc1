import type { ParsedUrl } from "@troupe/core";

/**
 * How the connection is protected. `require` encrypts it and believes any certificate;
 * `verify-full` also checks the certificate and the host's name in it.
 */
export type TlsMode = "disable" | "require" | "verify-full";

/** Where a PostgreSQL is, and who we are to it. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Undefined: whom `PGUSER` names, or the user of this process. */
  readonly user: string | undefined;
  /** Undefined: what `PGPASSWORD` or the file `~/.pgpass` says. */
  readonly password: string | undefined;
  readonly tls: TlsMode;
  /** A file with the certificates to believe. Undefined: those that Node.js believes. */
  readonly tlsRoots: string | undefined;
  /** For messages and logs: without the password. */
  readonly label: string;
}

const SCHEME = /^postgres(?:ql)?:\/\//i;

const URL_PARTS = /^(?:([^/]*)@)?([^@/?#,]+)\/([^/?#]+)(?:\?([^#]*))?$/;

const DEFAULT_PORT = 5432;

const TLS_MODES: readonly string[] = ["disable", "require", "verify-full"] satisfies TlsMode[];

const RIGHT_FORM =
  'give a host and a database, such as "postgres://user:password@10.0.0.4:5432/troupe"';

const RIGHT_PARAMETERS =
  "give no other parameters than sslmode=disable, sslmode=require or sslmode=verify-full, and sslrootcert=file";

const RIGHT_ENCODING = "give the user, the password and the database with every % written as %25";

/** The address in a URL. */
export function parsePostgresUrl(text: string): ParsedUrl<PostgresAddress> {
  const [, credentials = "", host = "", database = "", query = ""] =
    URL_PARTS.exec(text.replace(SCHEME, "")) ?? [];
  const place = parseHost(host);
  if (place === undefined) return { kind: "wrong", right: RIGHT_FORM };
  const protection = parseParameters(query);
  if (protection === undefined) return { kind: "wrong", right: RIGHT_PARAMETERS };
  const [user = "", ...password] = credentials.split(":");
  try {
    const names = {
      user: decoded(user),
      password: decoded(password.join(":")),
      database: decodeURIComponent(database),
    };
    const label = `${host.includes(":") ? host : `${host}:${place.port}`}/${names.database}`;
    return { kind: "location", location: { ...place, ...names, ...protection, label } };
  } catch {
    return { kind: "wrong", right: RIGHT_ENCODING };
  }
}

function parseHost(text: string): Pick<PostgresAddress, "host" | "port"> | undefined {
  const url = URL.parse(`postgres://${text}`);
  if (url === null || url.hostname === "" || url.port === "0") return undefined;
  // An IPv6 address stands in brackets in a URL, and without them everywhere else.
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
  };
}

function parseParameters(query: string): Pick<PostgresAddress, "tls" | "tlsRoots"> | undefined {
  const {
    sslmode = "disable",
    sslrootcert,
    ...others
  } = Object.fromEntries(new URLSearchParams(query));
  if (!isTlsMode(sslmode) || Object.keys(others).length > 0) return undefined;
  if (sslrootcert !== undefined && sslmode !== "verify-full") return undefined;
  return { tls: sslmode, tlsRoots: sslrootcert };
}

function isTlsMode(text: string): text is TlsMode {
  return TLS_MODES.includes(text);
}

function decoded(part: string): string | undefined {
  return part === "" ? undefined : decodeURIComponent(part);
}

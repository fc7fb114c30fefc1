import { messageOf, TroupeError } from "@troupe/core";

/** An error that PostgreSQL gave has the code that the SQL standard knows. */
type Remedies = Readonly<Record<string, string>>;

/** What no waiting ends, only another configuration. */
const CONFIGURATION: Remedies = {
  "28P01": "does not accept the user or password in the URL",
  "28000": "does not let the user of the URL in from here; see its pg_hba.conf",
  "3D000": "has no database of that name; create it, or give the name of another",
  "42501":
    'does not allow its user what is needed; let it create a schema in the database (GRANT CREATE ON DATABASE), or create the schema "troupe_<cluster>" and make the user its owner',
};

/** What may pass by itself. */
const PASSING: Remedies = {
  "57P01": "has ended the connection; Troupe connects again by itself",
  "57P02": "has crashed and starts again; it will answer when it is ready",
  "57P03": "is starting or stopping; it will answer when it is ready",
  "25006": "is a read-only replica, or was made read-only; give the address of the primary",
  "53100": "has no disk space left; free some",
  "53200": "has no memory left; see its log",
  "53300": "has as many connections as it allows; raise its max_connections, or use fewer silos",
  "55P03": "keeps what is asked for locked; look in pg_stat_activity for who holds a lock",
  "57014": "is too slow, or waits for a lock; look at its load and at pg_stat_activity",
  "40P01": "has ended this transaction because it and another one waited for each other",
  "42P01": "has lost Troupe's tables; see who changed the schema of the cluster",
  "42883": "has lost Troupe's functions; a silo that starts makes them again",
  "3F000": "has lost the schema of the cluster; see who dropped it",
};

const NO_PASSWORD =
  "asks for a password; put it into the URL as postgres://user:password@host/database";

const NO_TLS = "does not speak TLS; give sslmode=disable, or switch its ssl on";

const NO_TRUST =
  "shows a certificate that is not believed; give sslrootcert=file with the authority that signed it, and the host that it is for";

const NO_ANSWER =
  "does not answer; check that it runs and can be reached at this address (Troupe goes on by itself when it is back)";

const REFUSES = "refuses what is asked";

/** True if the error says that the configuration is wrong, rather than that PostgreSQL is away. */
export function isConfigurationError(thrown: unknown): boolean {
  return (codeOf(thrown) ?? "") in CONFIGURATION || clientRemedyOf(thrown) !== undefined;
}

/** True if PostgreSQL answered with this error, so that the connection goes on. */
export function isAnswer(thrown: unknown): boolean {
  return codeOf(thrown) !== undefined;
}

/** What went wrong and what helps, as the end of a message that starts with the server's name. */
export function describeFailure(thrown: unknown): string {
  return `${remedyOf(thrown)} (${messageOf(thrown)})`;
}

/** The error of a store whose PostgreSQL at `label` failed with what was thrown. */
export function storeFailure(label: string, thrown: unknown): TroupeError {
  if (thrown instanceof TroupeError) return thrown;
  return new TroupeError("STORE_UNAVAILABLE", `PostgreSQL at ${label} ${describeFailure(thrown)}`, {
    cause: thrown,
  });
}

function remedyOf(thrown: unknown): string {
  const code = codeOf(thrown);
  if (code === undefined) return clientRemedyOf(thrown) ?? NO_ANSWER;
  return CONFIGURATION[code] ?? PASSING[code] ?? REFUSES;
}

/** Five characters with a digit, unlike the codes of Node.js: `28P01`, and not `EPIPE`. */
function codeOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return typeof code === "string" && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** What helps if the client itself will not go on; undefined if it would. */
function clientRemedyOf(thrown: unknown): string | undefined {
  const message = messageOf(thrown);
  if (message.includes("client password must be a string")) return NO_PASSWORD;
  if (message.includes("does not support SSL connections")) return NO_TLS;
  return isCertificateRefused(thrown) ? NO_TRUST : undefined;
}

function isCertificateRefused(thrown: unknown): boolean {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return typeof code === "string" && /CERT|^UNABLE_TO_/.test(code);
}

import { isErrorValue, type Logger, messageOf } from "@troupe/core";
import { type DestinationStream, destination, pino, type Logger as PinoLogger } from "pino";
import pretty from "pino-pretty";
import { redactText, redactValue } from "./config/redact.ts";
import type { LogLevel } from "./config/settings.ts";

const STDERR = 2;

export interface LoggingOptions {
  readonly level: LogLevel;
  /** Default: pretty if standard error is a terminal, JSON otherwise. */
  readonly format?: "pretty" | "json" | undefined;
  /** Texts that must not appear in any line, such as the cluster's token. */
  readonly secrets?: readonly string[];
  /** Default: standard error, so that standard output stays for data. */
  readonly stream?: DestinationStream;
}

/** The log of a process, from which secrets are kept out. */
export function createLogger({ level, format, secrets = [], stream }: LoggingOptions): Logger {
  const readable = (format ?? (process.stderr.isTTY ? "pretty" : "json")) === "pretty";
  const options = {
    level,
    formatters: { level: (label: string) => ({ level: label }) },
    // Errors are plain objects when they get there.
    serializers: { err: (err: unknown) => err },
  };
  return new RedactedLogger(
    pino(
      options,
      stream ?? (readable ? readableStream() : destination({ dest: STDERR, sync: true })),
    ),
    secrets,
  );
}

/**
 * A pino logger in front of which every field and message is redacted. Pino's own redaction looks
 * only at the paths it was given, and credentials turn up in the messages and causes of errors.
 */
class RedactedLogger implements Logger {
  readonly #log: PinoLogger;
  readonly #secrets: readonly string[];

  constructor(log: PinoLogger, secrets: readonly string[]) {
    this.#log = log;
    this.#secrets = secrets;
  }

  debug(fields: object, message: string): void {
    this.#write("debug", fields, message);
  }

  info(fields: object, message: string): void {
    this.#write("info", fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write("warn", fields, message);
  }

  error(fields: object, message: string): void {
    this.#write("error", fields, message);
  }

  child(fields: Record<string, unknown>): Logger {
    return new RedactedLogger(
      this.#log.child(redactValue(fields, this.#secrets) as Record<string, unknown>),
      this.#secrets,
    );
  }

  #write(level: "debug" | "info" | "warn" | "error", fields: object, message: string): void {
    if (!this.#log.isLevelEnabled(level)) return;
    try {
      const shown = isErrorValue(fields) ? { err: fields } : fields;
      this.#log[level](redactValue(shown, this.#secrets), redactText(message, this.#secrets));
    } catch (error) {
      // No line of a log is worth a turn.
      this.#log[level]({ unlogged: messageOf(error) }, "a line that could not be logged");
    }
  }
}

function readableStream(): DestinationStream {
  return pretty({
    destination: STDERR,
    sync: true,
    colorize: wantsColours(process.env, process.stderr.isTTY),
    ignore: "pid,hostname",
    translateTime: "SYS:HH:MM:ss.l",
  });
}

/**
 * Whether lines for people are coloured: on a terminal, unless `NO_COLOR` is set, and where
 * `FORCE_COLOR` asks for it, as by a process that passes the lines on to a terminal.
 */
export function wantsColours(
  { NO_COLOR, FORCE_COLOR }: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isTerminal;
}

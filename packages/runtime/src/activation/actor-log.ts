import { type Logger, messageOf } from "@troupe/core";

type Level = "debug" | "info" | "warn" | "error";

/**
 * The log that an actor's code writes to. A line never fails a turn, whatever it is handed: both
 * orders of the arguments work, and fields that cannot be logged cost only themselves.
 */
export class ActorLog implements Logger {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
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
    try {
      return new ActorLog(this.#log.child(fields));
    } catch {
      return this;
    }
  }

  #write(level: Level, first: unknown, second: unknown): void {
    const [fields, message] = typeof first === "string" ? [second, first] : [first, second];
    const text = typeof message === "string" ? message : "";
    try {
      this.#log[level](asFields(fields), text);
    } catch (error) {
      this.#writeBare(level, text, error);
    }
  }

  #writeBare(level: Level, text: string, error: unknown): void {
    try {
      this.#log[level]({ unlogged: messageOf(error) }, text);
    } catch {
      // The log itself fails, and there is nobody to tell.
    }
  }
}

/** Logs take an object; anything else is a field of its own. */
function asFields(value: unknown): object {
  if (value === undefined) return {};
  return typeof value === "object" && value !== null ? value : { value };
}

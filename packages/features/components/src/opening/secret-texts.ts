import { inspect } from "node:util";
import { isErrorValue, messageOf } from "@troupe/core";

const HIDDEN = "***";

const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi;

/** Characters of a line of a secret that is looked for by itself. Shorter ones say nothing. */
const LINE_MIN = 8;

/** Levels of an error that are searched for secrets. */
const DEPTH_MAX = 6;

/** The secrets of a component, so that no message shows one, whoever wrote the message. */
export class SecretTexts {
  readonly #texts = new Set<string>();

  add(text: string): void {
    for (const form of formsOf(text)) if (form !== "") this.#texts.add(form);
  }

  /** The text without the secrets, and without user names and passwords in URLs. */
  hide(text: string): string {
    // Longer ones first: a secret may be a part of another one.
    const secrets = [...this.#texts].toSorted((one, other) => other.length - one.length);
    const hidden = secrets.reduce((partial, secret) => partial.replaceAll(secret, HIDDEN), text);
    return hidden.replace(URL_CREDENTIALS, `$1${HIDDEN}@`);
  }

  /** The error itself, or one with its message if there is a secret anywhere in it. */
  clean(error: unknown): unknown {
    const shown = inspect(error, { depth: DEPTH_MAX, customInspect: false, showHidden: true });
    if (this.hide(shown) === shown && isErrorValue(error)) return error;
    return new Error(this.hide(messageOf(error)));
  }
}

/** A secret as it may stand in a message: in quotes, in a URL, or shown line by line. */
function formsOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.length >= LINE_MIN);
  return [
    text,
    ...lines,
    JSON.stringify(text).slice(1, -1),
    inspect(text).slice(1, -1),
    encodeURIComponent(text.toWellFormed()),
  ];
}

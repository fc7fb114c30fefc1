import { type ActorAddress, parseAddress, TroupeError } from "@troupe/core";

/** The actor that `Type/id` names; throws `BAD_CONFIG` for anything else. */
export function readAddress(text: string): ActorAddress {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  throw new TroupeError(
    "BAD_CONFIG",
    `"${text}" names no actor; write Type/id, such as Account/alice`,
  );
}

/**
 * The values of a call's arguments, each written as JSON; throws `BAD_CONFIG` for the first that is
 * none.
 */
export function readArguments(texts: readonly string[]): unknown[] {
  return texts.map((text, index) => {
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      const message = `argument ${index + 1}, ${text}, is not JSON; a string needs its quotes: ${inShell(JSON.stringify(text))}`;
      throw new TroupeError("BAD_CONFIG", message, { cause });
    }
  });
}

/** The text as a shell must be given it, so that it can be copied from the error message. */
function inShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

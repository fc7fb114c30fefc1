/**
 * Text that came from elsewhere, with control characters written as escapes, so that no actor id,
 * result or error message can steer the terminal. Line breaks and tabs stay.
 */
export function printableText(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, escaped);
}

/** The same on one line: line breaks and tabs are escaped as well. */
export function printableLine(text: string): string {
  return text.replace(/\p{Cc}/gu, escaped);
}

/**
 * A value as one line of JSON that steers no terminal: `JSON.stringify` leaves the control
 * characters from U+007F on as they are.
 */
export function printableJson(value: unknown): string {
  return printableLine(JSON.stringify(value));
}

function escaped(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

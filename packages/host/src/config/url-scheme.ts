/** The scheme of a URL in lower case and without its colon; undefined if the text has none. */
export function schemeOf(text: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
}

/** The pattern of Redis that every text with this beginning matches, and no other. */
export function beginsWith(beginning: string): string {
  return `${beginning.replaceAll(/[*?[\]\\^-]/g, String.raw`\$&`)}*`;
}

/** All chance comes from here, so that a run can be repeated from its seed. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** The process's own generator. The one place that reads it. */
export const systemRandom: Random = { next: () => Math.random() };

const ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** An id of `length` characters out of 0-9a-z; 13 of them (the default) hold 67 bits. */
export function randomId(random: Random, length = 13): string {
  let id = "";
  for (let index = 0; index < length; index++)
    id += ID_ALPHABET[Math.floor(random.next() * ID_ALPHABET.length)];
  return id;
}

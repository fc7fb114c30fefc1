/** The oldest Node.js that has all that this package uses. */
const OLDEST_NODE = [22, 12] as const;

/**
 * What to say to a program that runs on the given version of Node.js; undefined if that is new
 * enough.
 */
export function nodeVersionProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `troupe needs Node.js ${OLDEST_NODE.join(".")} or later; this is ${version} (${process.execPath})`;
}

// Said when the package is imported, before anything fails for the lack of something. A plain
// error: the classes of this package may be among what cannot be loaded.
const problem = nodeVersionProblem(process.versions.node);
if (problem !== undefined) throw new Error(problem);

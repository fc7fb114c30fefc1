import { messageOf, TroupeError } from "@troupe/core";

/**
 * The part of `@troupe/bench` that is used here. That package depends on this one, so its types
 * cannot be imported.
 */
interface Benchmarks {
  /** Runs what the arguments after the command's name say, and resolves with the exit code. */
  runBench(args: readonly string[]): Promise<number>;
}

const PACKAGE: string = "@troupe/bench";

/** `troupe bench`: the benchmarks, where they are installed. They read their own arguments. */
export async function runBench(
  args: readonly string[],
  load: () => Promise<unknown> = () => import(PACKAGE),
): Promise<number> {
  let benchmarks: unknown;
  try {
    benchmarks = await load();
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    const message = `the benchmarks are not installed (${messageOf(cause)}); they come with Troupe's repository: clone it, run npm ci and npm run build, and try again there`;
    throw new TroupeError("BAD_CONFIG", message, { cause });
  }
  return (benchmarks as Benchmarks).runBench(args);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}

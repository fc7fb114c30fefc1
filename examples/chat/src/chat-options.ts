import { resolve } from "node:path";
import { parseArgs } from "node:util";

export type ReadOptions =
  | { readonly kind: "demo"; readonly options: DemoOptions }
  | { readonly kind: "serve"; readonly options: ServeOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly reason: string };

export interface DemoOptions {
  readonly silos: number;
  readonly readers: number;
  readonly writers: number;
  /** Of each writer. */
  readonly lines: number;
  readonly isVerbose: boolean;
}

export interface ServeOptions {
  readonly silos: number;
  readonly port: number;
  /** Where members and lines are kept. */
  readonly data: string;
}

export const HELP = `npm start -- [demo] [options]
npm start -- serve [options]

demo (or nothing)  starts silo processes and an HTTP server, lets people read and talk in one room over HTTP, kills the
                   silo that the room is in with SIGKILL, starts a new one, and counts what each reader has heard.
                   Takes less than a minute, and leaves nothing behind.
serve              keeps silos and HTTP server up until Ctrl-C, for you and your browser.

  --silos <n>      silo processes, 2 to 9 (default: 3)
  --readers <n>    demo: readers of the room, 1 to 50 (default: 4)
  --writers <n>    demo: people who talk, 1 to 20 (default: 4)
  --lines <n>      demo: lines of each, 1 to 500 (default: 60)
  --verbose        demo: show what the processes have logged
  --port <n>       serve: where browsers find it, 0 for a free one (default: 8080)
  --data <folder>  serve: where the lines are kept (default: ./.troupe)
  --help           show this

Exit codes: 0 each reader has heard each line once and in order, 1 something failed, 2 an option is wrong,
130 interrupted.`;

export function readOptions(args: readonly string[]): ReadOptions {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        silos: { type: "string", default: "3" },
        readers: { type: "string", default: "4" },
        writers: { type: "string", default: "4" },
        lines: { type: "string", default: "60" },
        verbose: { type: "boolean", default: false },
        port: { type: "string", default: "8080" },
        data: { type: "string", default: ".troupe" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    const [mode = "demo", ...others] = positionals;
    const [other] = others;
    if (other !== undefined) throw new RangeError(`${JSON.stringify(other)} is one word too many`);
    const silos = readCount("--silos", values.silos, 2, 9);
    if (mode === "serve") {
      const port = readCount("--port", values.port, 0, 65_535);
      // npm runs its scripts in the folder of the package, and the user is elsewhere.
      const data = resolve(process.env["INIT_CWD"] ?? process.cwd(), values.data);
      return { kind: "serve", options: { silos, port, data } };
    }
    if (mode !== "demo")
      throw new RangeError(`there is demo and serve, not ${JSON.stringify(mode)}`);
    const options = {
      silos,
      readers: readCount("--readers", values.readers, 1, 50),
      writers: readCount("--writers", values.writers, 1, 20),
      lines: readCount("--lines", values.lines, 1, 500),
      isVerbose: values.verbose,
    };
    return { kind: "demo", options };
  } catch (error) {
    return { kind: "wrong", reason: error instanceof Error ? error.message : String(error) };
  }
}

function readCount(option: string, text: string, min: number, max: number): number {
  const count = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isInteger(count) && count >= min && count <= max) return count;
  throw new RangeError(
    `${option} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`,
  );
}

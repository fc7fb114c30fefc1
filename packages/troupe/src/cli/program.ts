import { Command, InvalidArgumentError, Option } from "commander";
import { OPTIONS, type OptionName } from "../config/option-catalog.ts";

/** The values of a command's flags, by the names that the parser gives them. */
export type Flags = Readonly<Record<string, unknown>>;

/** What each command does; each resolves with the exit code. */
export interface Commands {
  dev(module: string, flags: Flags & { readonly silos: number }): Promise<number>;
  silo(module: string, flags: Flags & { readonly processes: number; readonly json: boolean }): Promise<number>;
  call(call: CallCommand, flags: Flags & { readonly json: boolean }): Promise<number>;
  status(flags: Flags & { readonly json: boolean }): Promise<number>;
}

export interface CallCommand {
  readonly address: string;
  readonly method: string;
  readonly args: readonly string[];
}

const PROCESSES_MAX = 256;

const CONNECTION: readonly OptionName[] = [
  "cluster",
  "membership",
  "token",
  "tls.ca",
  "tls.cert",
  "tls.key",
  "logLevel",
  "logFormat",
];
const HOSTING: readonly OptionName[] = ["storage", "labels", "leaseTtl"];
const LISTENING: readonly OptionName[] = ["listen", "advertise", "allowInsecure"];

const EXPLANATION = `
Each option can also be given as the variable that stands behind it, or by its name in troupe.config.json in this folder. A flag
comes before a variable, a variable before the file.

Exit codes: 0 done, 1 the call or the cluster failed, 2 the command or the configuration is wrong.`;

/** The command line: what can be said, but not what it does. `exit` is called with the exit code of the command that ran. */
export function createProgram(commands: Commands, version: string, exit: (code: number) => void): Command {
  const program = new Command("troupe")
    .description("Distributed virtual actors for TypeScript on Node.js.")
    .version(version)
    .addHelpText("after", EXPLANATION)
    .showHelpAfterError("(add --help for what can be said)");

  withOptions(program.command("dev"), [...CONNECTION, ...HOSTING])
    .description("run a cluster of processes on this machine, and restart it when the module's folder changes")
    .argument("<module>", "file that exports actor classes: .js or .ts")
    .addOption(count("--silos <n>", "silo processes", 3))
    .action(async (module: string, flags: Flags & { readonly silos: number }) => exit(await commands.dev(module, flags)));

  withOptions(program.command("silo"), [...CONNECTION, ...HOSTING, ...LISTENING])
    .description("run one silo, or several processes of it; SIGTERM drains, a second signal ends it at once")
    .argument("<module>", "file that exports actor classes: .js or .ts")
    .addOption(count("--processes <n>", "processes, each a silo; a fixed port is the first one's, the others take the next", 1))
    .option("--json", "print one line of JSON when ready: {siloId, address}", false)
    .action(async (module: string, flags: Flags & { readonly processes: number; readonly json: boolean }) =>
      exit(await commands.silo(module, flags)),
    );

  withOptions(program.command("call"), CONNECTION)
    .description("call an actor and print the result")
    .argument("<actor>", "Type/id, such as Account/alice")
    .argument("<method>", "name of the method")
    .argument("[json...]", `arguments as JSON; text needs its quotes: '"like this"'`)
    .option("--timeout <duration>", "how long to wait for the reply, such as 5s (default: 30s)")
    .option("--json", "print the result, or the error, as one line of JSON", false)
    .action(async (address: string, method: string, args: string[], flags: Flags & { readonly json: boolean }) =>
      exit(await commands.call({ address, method, args }, flags)),
    );

  withOptions(program.command("status"), CONNECTION)
    .description("show the silos: state, share of the actors, activations, calls a second")
    .option("--json", "print one line of JSON", false)
    .action(async (flags: Flags & { readonly json: boolean }) => exit(await commands.status(flags)));

  return program;
}

function withOptions(command: Command, names: readonly OptionName[]): Command {
  for (const name of names) {
    const { flag, argument, help, variable } = OPTIONS[name];
    command.addOption(new Option(argument === undefined ? `--${flag}` : `--${flag} ${argument}`, `${help} [${variable}]`));
  }
  return command;
}

function count(flags: string, help: string, byDefault: number): Option {
  return new Option(flags, help).default(byDefault).argParser((text) => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= 1 && number <= PROCESSES_MAX) return number;
    throw new InvalidArgumentError(`Give a whole number from 1 to ${PROCESSES_MAX}.`);
  });
}

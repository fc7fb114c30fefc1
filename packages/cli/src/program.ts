import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { TroupeError } from "@troupe/core";
import { OPTIONS, type OptionName } from "@troupe/host";
import type { DeployVerb } from "./deploys-command.ts";

/** The values of a command's flags, by the names that the parser gives them. */
export type Flags = Readonly<Record<string, unknown>>;

export type JsonFlags = Flags & { readonly json: boolean };

export type DevFlags = Flags & { readonly silos: number; readonly join: boolean };

/** What each command does; each resolves with the exit code. */
export interface Commands {
  dev(module: string, flags: DevFlags): Promise<number>;
  silo(module: string, flags: JsonFlags & { readonly processes: number }): Promise<number>;
  call(call: CallCommand, flags: JsonFlags): Promise<number>;
  status(flags: StatusFlags): Promise<number>;
  actors(type: string | undefined, flags: JsonFlags): Promise<number>;
  showActor(actor: string, flags: JsonFlags): Promise<number>;
  reminders(actor: string | undefined, flags: JsonFlags): Promise<number>;
  letters(actor: string | undefined, flags: LettersFlags): Promise<number>;
  deploys(
    verb: DeployVerb | undefined,
    type: string | undefined,
    flags: DeploysFlags,
  ): Promise<number>;
  components(
    what: "types" | undefined,
    type: string | undefined,
    flags: JsonFlags,
  ): Promise<number>;
  destroy(actor: string, flags: JsonFlags): Promise<number>;
  export(flags: BackupFlags): Promise<number>;
  import(flags: ImportFlags): Promise<number>;
  drain(silo: string, flags: JsonFlags): Promise<number>;
  /** The arguments behind the command's name, as they were given. */
  bench(args: readonly string[]): Promise<number>;
}

/** Numbers of dead letters to work on, or all. */
export type LettersFlags = JsonFlags & {
  readonly resend?: number | "all";
  readonly drop?: number | "all";
};

export type StatusFlags = JsonFlags & { readonly check: boolean };

export type DeploysFlags = JsonFlags & { readonly to?: string };

export type BackupFlags = JsonFlags & { readonly type?: readonly string[] };

export type ImportFlags = BackupFlags & {
  readonly replace: boolean;
  readonly resume: boolean;
  readonly skipUnknown: boolean;
  readonly check: boolean;
};

export interface CallCommand {
  readonly address: string;
  readonly method: string;
  readonly args: readonly string[];
}

/** Tells the exit code of the command that ran. */
type Exit = (code: number) => void;

const PROCESSES_MAX = 256;

const CONNECTION: readonly OptionName[] = [
  "cluster",
  "membership",
  "token",
  "tokens.silo",
  "tokens.client",
  "tokens.clients",
  "tokens.operator",
  "name",
  "role",
  "tls.ca",
  "tls.cert",
  "tls.key",
  "tls.roles.silo",
  "tls.roles.client",
  "tls.roles.operator",
  "logLevel",
  "logFormat",
];
const HOSTING: readonly OptionName[] = [
  "storage",
  "access",
  "components",
  "labels",
  "capacity",
  "deploy.switchAt",
  "leaseTtl",
  "leasePolicy",
  "adoptStorage",
];
const LISTENING: readonly OptionName[] = ["listen", "advertise", "allowInsecure"];

const JSON_LINE = "print one line of JSON";

const EXPLANATION = `
Each option can also be given as the variable that stands behind it, or by its name in troupe.config.json in this folder. A flag
comes before a variable, a variable before the file.

Exit codes: 0 done, 1 the call or the cluster failed, 2 the command or the configuration is wrong.`;

/**
 * The command line: what can be said, but not what it does. `exit` is called with the exit code of
 * the command that ran.
 */
export function createProgram(commands: Commands, version: string, exit: Exit): Command {
  const program = new Command("troupe")
    .description("Distributed virtual actors for TypeScript on Node.js.")
    .version(version)
    .enablePositionalOptions()
    .addHelpText("after", EXPLANATION)
    .showHelpAfterError("(add --help for what can be said)");
  addHosts(program, commands, exit);
  addCalls(program, commands, exit);
  addLists(program, commands, exit);
  addComponents(program, commands, exit);
  addDestroy(program, commands, exit);
  addBackup(program, commands, exit);
  addDeploys(program, commands, exit);
  addDrain(program, commands, exit);
  addBench(program, commands, exit);
  return program;
}

function addHosts(program: Command, commands: Commands, exit: Exit): void {
  withOptions(program.command("dev"), [...CONNECTION, ...HOSTING])
    .description(
      "run a cluster of processes on this machine, and restart it when the module's folder changes",
    )
    .argument("<module>", "file that exports actor classes or workflows: .js or .ts")
    .addOption(count("--silos <n>", "silo processes", 3))
    .option("--join", "join the silos of this cluster that run already", false)
    .action(async (module: string, flags: DevFlags) => exit(await commands.dev(module, flags)));

  withOptions(program.command("silo"), [...CONNECTION, ...HOSTING, ...LISTENING])
    .description(
      "run one silo, or several processes of it; SIGTERM drains, a second signal ends it at once",
    )
    .argument("<module>", "file that exports actor classes or workflows: .js or .ts")
    .addOption(
      count(
        "--processes <n>",
        "processes, each a silo; a fixed port is the first one's, the others take the next",
        1,
      ),
    )
    .option("--json", "print one line of JSON when ready: {siloId, address}", false)
    .action(async (module: string, flags: JsonFlags & { readonly processes: number }) =>
      exit(await commands.silo(module, flags)),
    );
}

function addCalls(program: Command, commands: Commands, exit: Exit): void {
  withOptions(program.command("call"), CONNECTION)
    .description("call an actor and print the result")
    .argument("<actor>", "Type/id, such as Account/alice")
    .argument("<method>", "name of the method")
    .argument("[json...]", `arguments as JSON; text needs its quotes: '"like this"'`)
    .option("--timeout <duration>", "how long to wait for the reply, such as 5s (default: 30s)")
    .option("--json", "print the result, or the error, as one line of JSON", false)
    .action(async (address: string, method: string, args: string[], flags: JsonFlags) =>
      exit(await commands.call({ address, method, args }, flags)),
    );
}

function addLists(program: Command, commands: Commands, exit: Exit): void {
  withOptions(program.command("status"), CONNECTION)
    .description(
      "show the silos: state, what their leases have left, share of the actors, activations, calls a second",
    )
    .option("--check", "end with 1 if a silo does not serve, or does not reach its stores", false)
    .option("--json", JSON_LINE, false)
    .action(async (flags: StatusFlags) => exit(await commands.status(flags)));

  withOptions(program.command("actors"), CONNECTION)
    .description("list the actors that are active, and where; or show one, without waking it")
    .argument("[type]", "only those of this type; or show")
    .argument("[actor]", "with show: Type/id")
    .option("--json", JSON_LINE, false)
    .action(async (type: string | undefined, actor: string | undefined, flags: JsonFlags) => {
      if (actor === undefined) return exit(await commands.actors(type, flags));
      if (type === "show") return exit(await commands.showActor(actor, flags));
      const message = `"${type} ${actor}": write troupe actors [type], or troupe actors show Type/id`;
      throw new TroupeError("BAD_CONFIG", message);
    });

  withOptions(program.command("reminders"), CONNECTION)
    .description("list what is scheduled, earliest first")
    .argument(
      "[actor]",
      "Type/id: only this actor's, with their ticks so far and those that failed; it is woken",
    )
    .option("--json", JSON_LINE, false)
    .action(async (actor: string | undefined, flags: JsonFlags) =>
      exit(await commands.reminders(actor, flags)),
    );

  withOptions(program.command("letters"), CONNECTION)
    .description("list the durable sends that were given up, send them again, or drop them")
    .argument("[actor]", "Type/id of the sender: list its dead letters; it is woken")
    .addOption(
      new Option("--resend <letter>", "number of the letter to send again, or all").argParser(
        readLetter,
      ),
    )
    .addOption(
      new Option("--drop <letter>", "number of the letter to forget, or all").argParser(readLetter),
    )
    .option("--json", JSON_LINE, false)
    .action(async (actor: string | undefined, flags: LettersFlags) =>
      exit(await commands.letters(actor, flags)),
    );
}

function addComponents(program: Command, commands: Commands, exit: Exit): void {
  withOptions(program.command("components"), CONNECTION)
    .description("list the components of the silos, and how they are; or the types that there are")
    .addArgument(
      new Argument("[what]", "types: those that can be declared; needs no cluster").choices([
        "types",
      ]),
    )
    .argument("[type]", "with types: show the metadata of this one, such as state.redis")
    .option("--json", JSON_LINE, false)
    .action(async (what: "types" | undefined, type: string | undefined, flags: JsonFlags) =>
      exit(await commands.components(what, type, flags)),
    );
}

function addDestroy(program: Command, commands: Commands, exit: Exit): void {
  withOptions(program.command("destroy"), CONNECTION)
    .description("delete an actor with its state, its reminders and its timers")
    .argument("<actor>", "Type/id, such as Account/alice; it cannot be brought back")
    .option("--json", JSON_LINE, false)
    .action(async (actor: string, flags: JsonFlags) => exit(await commands.destroy(actor, flags)));
}

function addBackup(program: Command, commands: Commands, exit: Exit): void {
  withOptions(program.command("export"), CONNECTION)
    .description("write what all actors have stored to standard output, as lines of JSON")
    .option("--type <type...>", "only actors of these types")
    .option("--json", "print one line of JSON on standard error at the end", false)
    .action(async (flags: BackupFlags) => exit(await commands.export(flags)));

  withOptions(program.command("import"), CONNECTION)
    .description("store the actors of an export, which is read from standard input")
    .option("--type <type...>", "only actors of these types")
    .option("--replace", "overwrite actors that have stored something else", false)
    .option("--resume", "with --replace: leave out what was imported from this file before", false)
    .option("--skip-unknown", "leave out actors of types that no silo hosts", false)
    .option("--check", "only look whether the export is whole; needs no cluster", false)
    .option("--json", JSON_LINE, false)
    .action(async (flags: ImportFlags) => exit(await commands.import(flags)));
}

function addDeploys(program: Command, commands: Commands, exit: Exit): void {
  withOptions(program.command("deploys"), CONNECTION)
    .description(
      "list the definitions of each actor type and which one is in force, or put another in force",
    )
    .addArgument(
      new Argument("[verb]", "switch: to the one that waits; back: to the one before").choices([
        "switch",
        "back",
      ]),
    )
    .argument("[type]", "the actor type to switch")
    .option("--to <definition>", "which one, by the beginning of its name, if several wait")
    .option("--json", JSON_LINE, false)
    .action(async (verb: DeployVerb | undefined, type: string | undefined, flags: DeploysFlags) =>
      exit(await commands.deploys(verb, type, flags)),
    );
}

function addDrain(program: Command, commands: Commands, exit: Exit): void {
  withOptions(program.command("drain"), CONNECTION)
    .description("move everything off a silo, stop it, and wait until it has left")
    .argument("<silo>", "its id, the beginning of its id, or its address, as status shows them")
    .option("--timeout <duration>", "how long to wait (default: 90s)")
    .option("--json", "print one line of JSON when it has left", false)
    .action(async (silo: string, flags: JsonFlags) => exit(await commands.drain(silo, flags)));
}

/** The benchmarks have arguments of their own, and help of their own. */
function addBench(program: Command, commands: Commands, exit: Exit): void {
  program
    .command("bench")
    .description("run benchmarks (in a clone of Troupe's repository)")
    .argument("[args...]", "names of benches, and options; --help lists them")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: string[]) => exit(await commands.bench(args)));
}

function withOptions(command: Command, names: readonly OptionName[]): Command {
  for (const name of names) {
    const { flag, argument, help, variable } = OPTIONS[name];
    command.addOption(
      new Option(
        argument === undefined ? `--${flag}` : `--${flag} ${argument}`,
        `${help} [${variable}]`,
      ),
    );
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

function readLetter(text: string): number | "all" {
  if (text === "all") return "all";
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('Give the number of a letter, or "all".');
}

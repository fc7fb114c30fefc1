import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { type Commands, createProgram } from "./program.ts";
import { EXIT_OK, EXIT_USAGE, printError } from "./terminal.ts";

const { version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { version: string };

/** Each is loaded when it is used: help and mistakes should not wait for databases and gRPC. */
const commands: Commands = {
  dev: async (module, flags) => (await import("./dev-command.ts")).runDev(module, flags),
  silo: async (module, flags) => (await import("./silo-command.ts")).runSilo(module, flags),
  call: async (call, flags) => (await import("./call-command.ts")).runCall(call, flags),
  status: async (flags) => (await import("./status-command.ts")).runStatus(flags),
  actors: async (type, flags) => (await import("./actors-command.ts")).runActors(type, flags),
  showActor: async (actor, flags) =>
    (await import("./show-actor-command.ts")).runShowActor(actor, flags),
  reminders: async (actor, flags) =>
    (await import("./reminders-command.ts")).runReminders(actor, flags),
  letters: async (actor, flags) => (await import("./letters-command.ts")).runLetters(actor, flags),
  deploys: async (verb, type, flags) =>
    (await import("./deploys-command.ts")).runDeploys(verb, type, flags),
  components: async (what, type, flags) =>
    (await import("./components-command.ts")).runComponents(what, type, flags),
  destroy: async (actor, flags) => (await import("./destroy-command.ts")).runDestroy(actor, flags),
  export: async (flags) => (await import("./export-command.ts")).runExport(flags),
  import: async (flags) => (await import("./import-command.ts")).runImport(flags),
  drain: async (silo, flags) => (await import("./drain-command.ts")).runDrain(silo, flags),
  bench: async (args) => (await import("./bench-command.ts")).runBench(args),
};

/**
 * Runs the command that the arguments name, and resolves with the exit code for the process. Never
 * rejects.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode = EXIT_OK;
  const program = createProgram(commands, version, (code) => {
    exitCode = code;
  });
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // The parser has printed what is wrong; asking for help is not wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    return printError(error, args.includes("--json"));
  }
}

import { runCommandLine } from "./command-line.ts";

const exitCode = await runCommandLine(process.argv.slice(2));
// A command that is done ends, whatever timers and connections a library still holds.
process.stdout.write("", () => process.exit(exitCode));

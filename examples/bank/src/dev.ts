import { spawn } from "node:child_process";
import { ACTORS, TROUPE_COMMAND } from "./silo-process.ts";

const WHAT_TO_TRY = `A bank of three silos, to play with. Once they are ready, try in another terminal:

  npx troupe status
  npx troupe call Account/alice deposit 500
  npx troupe call Account/alice transfer '"bob"' 120
  npx troupe call Account/bob overview
  npx troupe call Account/alice openStatements '"10s"'
  npx troupe call Account/alice statements

Amounts are cents. Change examples/bank/src/account.ts, and the silos follow. What the accounts hold stays in ./.troupe.
`;

process.stdout.write(`${WHAT_TO_TRY}\n`);

// In a process group of its own, so that Ctrl-C reaches it once, from here. The channel ends with
// this process, and the silos with the channel.
const dev = spawn(process.execPath, [TROUPE_COMMAND, "dev", ACTORS, ...process.argv.slice(2)], {
  detached: true,
  stdio: ["inherit", "inherit", "inherit", "ipc"],
});
dev.once("exit", (code) => {
  process.exitCode = code ?? 1;
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => dev.kill(signal));

import { type DemoOptions, HELP, readOptions, type ServeOptions } from "./chat-options.ts";
import type { ChildProgram } from "./child-program.ts";
import { Demo } from "./demo.ts";
import { LocalChat } from "./local-chat.ts";

/** The demo is given up after this long. */
const DEMO_MAX_MS = 120_000;

async function main(): Promise<number> {
  const read = readOptions(process.argv.slice(2));
  switch (read.kind) {
    case "help":
      print(HELP);
      return 0;
    case "wrong":
      process.stderr.write(`${read.reason}\n(npm start -- --help shows what can be said)\n`);
      return 2;
    case "demo":
      return demo(read.options);
    case "serve":
      return serve(read.options);
  }
}

async function demo(options: DemoOptions): Promise<number> {
  const chat = new LocalChat();
  const interrupted = interruption(chat);
  const overdue = AbortSignal.timeout(DEMO_MAX_MS);
  const signal = AbortSignal.any([interrupted, overdue]);
  const aborted = rejectionOf(signal);
  try {
    const isWell = await Promise.race([new Demo({ options, chat, print, signal }).run(), aborted]);
    print(`\n${isWell ? "all is well" : "something is wrong"}, after ${seconds()} s`);
    return isWell ? 0 : 1;
  } catch (error) {
    if (interrupted.aborted) return 130;
    print(
      `\nthe demo failed: ${overdue.aborted ? `not done within ${seconds()} s` : messageOf(error)}`,
    );
    return 1;
  } finally {
    if (options.isVerbose)
      for (const { name, output } of chat.processes) print(`\n${name} has logged:\n${output}`);
    await chat.stop();
  }
}

async function serve({ silos, port, data }: ServeOptions): Promise<number> {
  const chat = new LocalChat({ data, port });
  const interrupted = interruption(chat);
  const aborted = rejectionOf(interrupted);
  try {
    print(`starting ${silos} silos; the lines are kept in ${data}`);
    const all = Promise.all(Array.from({ length: silos }, () => chat.startSilo()));
    const started = await Promise.race([all, aborted]);
    const url = await Promise.race([chat.startHttp(), aborted]);
    const pids = started.map(({ pid }) => pid);
    print(`\n  ${url}\n`);
    print(`Open it in two windows, and kill any one of the silos: kill -9 ${pids.join(" or ")}`);
    print("Ctrl-C ends it.");
    await Promise.race([
      aborted,
      ...started.map((silo) => replaceWhenItEnds(chat, silo, interrupted)),
    ]);
    return 0;
  } catch (error) {
    if (interrupted.aborted) return 0;
    print(`the chat failed: ${messageOf(error)}`);
    return 1;
  } finally {
    await chat.stop();
  }
}

/** Starts another silo when one has ended, again and again. Rejects if that is not possible. */
async function replaceWhenItEnds(
  chat: LocalChat,
  first: ChildProgram,
  signal: AbortSignal,
): Promise<void> {
  for (let silo = first; ;) {
    await silo.exited;
    if (signal.aborted) return;
    print(`${silo.name} has ended; starting another`);
    silo = await chat.startSilo();
    print(`  ${silo.name} is process ${silo.pid}`);
  }
}

/** Aborted by Ctrl-C or SIGTERM; the second one ends the processes at once. */
function interruption(chat: LocalChat): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) {
      chat.end();
      process.exit(130);
    }
    print("interrupted; stopping the HTTP server and the silos");
    controller.abort(new Error("interrupted"));
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("it was given up")));
  });
  // Whoever waits for it hears of it.
  rejection.catch(() => undefined);
  return rejection;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function seconds(): string {
  return process.uptime().toFixed(1);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main();

import { spawn, type ChildProcess } from "node:child_process";
import { chown, mkdtemp, mkdir, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, sleep, systemClock, withTimeout } from "@troupe/core";
import { freePort } from "./free-port.ts";
import { endFamily, signalFamily } from "./process-family.ts";
import {
  type ExtraArgs,
  extraArgsFor,
  type LocalPlace,
  type LocalServiceKind,
  type ServerUser,
  type TestService,
} from "./test-service.ts";

/** How long a server may take until it answers. Generous: it costs nothing when it is quick. */
const START_MS = 20_000;

/** How long a server may take that is asked to end. */
const END_MS = 2_000;

/** Another process may take a free port before the server does. */
const START_ATTEMPTS = 3;

const OUTPUT_KEPT = 4_000;

/**
 * Waits for the end of its standard input, which is the end of the process that holds the other
 * side, however it ended. Then it ends the server and the processes that the server has started,
 * which stopped ones cannot resist, and removes its folder.
 */
const GUARD =
  'read -r _; kill -9 "$1" $(cat "/proc/$1/task/$1/children" 2>/dev/null) 2>/dev/null; rm -rf "$2"';

/**
 * Starts a binary of this machine on a free loopback port, with a temporary folder. It ends with
 * this process, however that ends.
 */
export async function startLocalService(
  kind: LocalServiceKind,
  binary: string,
  extraArgs: ExtraArgs = [],
): Promise<TestService> {
  for (let attempt = 1; ; attempt++) {
    const service = new LocalService(kind, binary, extraArgs, await choosePlace(kind));
    try {
      await service.restart();
      return service;
    } catch (error) {
      await service.stop();
      if (attempt === START_ATTEMPTS) throw error;
    }
  }
}

async function choosePlace(kind: LocalServiceKind): Promise<LocalPlace> {
  const folder = await mkdtemp(join(tmpdir(), `troupe-${kind.name}-`));
  return { port: await freePort(), secondPort: await freePort(), folder };
}

interface Running {
  readonly child: ChildProcess;
  readonly guard: ChildProcess;
  readonly exited: Promise<void>;
}

class LocalService implements TestService {
  readonly url: string;
  readonly #kind: LocalServiceKind;
  readonly #binary: string;
  readonly #extraArgs: ExtraArgs;
  readonly #place: LocalPlace;
  #running: Running | undefined;

  constructor(kind: LocalServiceKind, binary: string, extraArgs: ExtraArgs, place: LocalPlace) {
    this.url = kind.url(place.port);
    this.#kind = kind;
    this.#binary = binary;
    this.#extraArgs = extraArgs;
    this.#place = place;
  }

  async stop(): Promise<void> {
    await this.#askToEnd();
    await this.kill();
    await rm(this.#place.folder, { recursive: true, force: true });
  }

  async pause(): Promise<void> {
    await this.#signal("SIGSTOP");
  }

  async resume(): Promise<void> {
    await this.#signal("SIGCONT");
  }

  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    running.guard.kill("SIGKILL");
    await endFamily(livingPid(running.child));
    await running.exited;
  }

  async restart({ wipe = false }: { readonly wipe?: boolean } = {}): Promise<void> {
    await this.kill();
    if (wipe) await rm(this.#place.folder, { recursive: true, force: true });
    await mkdir(this.#place.folder, { recursive: true });
    const user = await this.#prepare();
    const args = [
      ...this.#kind.localArgs(this.#place),
      ...extraArgsFor(this.#place.port, this.#extraArgs),
    ];
    const env = { ...process.env, ...this.#kind.localVariables?.(this.#place) };
    const child = spawn(this.#binary, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env,
      ...user,
    });
    const output = collectOutput(child);
    const ended = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(messageOf(error)));
      child.once("exit", (code, signal) => resolve(`it ended with ${signal ?? code}`));
    });
    this.#running = {
      child,
      guard: guardOf(child, this.#place.folder),
      exited: ended.then(() => undefined),
    };
    const failure = await Promise.race([ended, this.#untilItAnswers(child)]);
    if (failure === undefined) return;
    throw new Error(`${this.#binary} ${args.join(" ")} did not start: ${failure}\n${output()}`);
  }

  /** Makes the folder ready for the server; gives the user that the server has to be. */
  async #prepare(): Promise<ServerUser | undefined> {
    const { folder } = this.#place;
    const user = await this.#kind.userOf?.();
    if (user !== undefined) await chown(folder, user.uid, user.gid);
    if ((await readdir(folder)).length === 0)
      await this.#kind.prepareFolder?.(this.#binary, this.#place);
    return user;
  }

  async #askToEnd(): Promise<void> {
    const { endSignal } = this.#kind;
    if (endSignal === undefined || this.#running === undefined) return;
    // A paused server hears nothing.
    await this.resume();
    this.#running.child.kill(endSignal);
    await withTimeout(systemClock, END_MS, this.#running.exited, () => undefined);
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    if (this.#running !== undefined) await signalFamily(livingPid(this.#running.child), signal);
  }

  /** Undefined when the server answers, or why it is given up. */
  async #untilItAnswers(child: ChildProcess): Promise<string | undefined> {
    const end = systemClock.monotonic() + START_MS;
    while (systemClock.monotonic() < end && child.exitCode === null) {
      if (await this.#kind.answers(this.#place.port)) return undefined;
      await sleep(systemClock, 20);
    }
    return `it did not answer within ${START_MS} ms`;
  }
}

/** Undefined after its end, when another process may have its number. */
function livingPid({ pid, exitCode, signalCode }: ChildProcess): number | undefined {
  return exitCode === null && signalCode === null ? pid : undefined;
}

function guardOf(child: ChildProcess, folder: string): ChildProcess {
  // Detached, so that an interrupt from the terminal, which goes to the whole group, leaves it
  // alive to clean up.
  const guard = spawn("sh", ["-c", GUARD, "sh", String(child.pid ?? 0), folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.stdin?.on("error", () => undefined);
  guard.unref();
  return guard;
}

function collectOutput(child: ChildProcess): () => string {
  let text = "";
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-OUTPUT_KEPT);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return () => text;
}

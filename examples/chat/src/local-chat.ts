import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "troupe";
import { ChildProgram } from "./child-program.ts";
import { Room } from "./room.ts";

/** The command of the installed package. */
const TROUPE_COMMAND = fileURLToPath(new URL("../bin/troupe.js", import.meta.resolve("troupe")));

/** The module with the actors; the same place from src and from dist. */
const ACTORS = fileURLToPath(new URL("../src/room.ts", import.meta.url));

/** What was built; the same place from src and from dist. */
const HTTP_PROCESS = fileURLToPath(new URL("../dist/http-process.js", import.meta.url));

export interface LocalChatOptions {
  /** Where members and lines are kept. Default: a temporary folder, which is removed in the end. */
  readonly data?: string;
  /** Of the HTTP server. Default: a free one. */
  readonly port?: number;
}

/**
 * The processes of a chat on this machine: silos, and a server for browsers that is none. Nothing
 * of them is left after `stop` or `end`, but for the folder that was given.
 */
export class LocalChat {
  readonly #cluster: string;
  readonly #temporary: string | undefined;
  readonly #folder: string;
  readonly #membership: string;
  #port: number;
  /** Those that run. */
  readonly #silos = new Set<ChildProgram>();
  #http: ChildProgram | undefined;
  #started = 0;
  #isStopped = false;

  constructor({ data, port = 0 }: LocalChatOptions = {}) {
    this.#temporary = data === undefined ? mkdtempSync(join(tmpdir(), "troupe-chat-")) : undefined;
    this.#folder = this.#temporary ?? process.cwd();
    this.#membership = `file:${data ?? join(this.#folder, "data")}`;
    // Who keeps the lines finds them again under the same name.
    this.#cluster = data === undefined ? `chat-${randomBytes(4).toString("hex")}` : "chat";
    this.#port = port;
  }

  get processes(): readonly ChildProgram[] {
    return this.#http === undefined ? [...this.#silos] : [...this.#silos, this.#http];
  }

  /** Resolves when the new silo takes calls. */
  async startSilo(): Promise<ChildProgram> {
    const options = {
      listen: "127.0.0.1:0",
      storage: this.#membership,
      "log-level": "warn",
      "log-format": "json",
    };
    const silo = this.#start(`silo ${++this.#started}`, [TROUPE_COMMAND, "silo", ACTORS], options);
    this.#silos.add(silo);
    void silo.exited.then(() => this.#silos.delete(silo));
    await silo.ready;
    return silo;
  }

  /** Gives the URL at which the page is: the same again after `stopHttp`. */
  async startHttp(): Promise<string> {
    const options = { port: String(this.#port) };
    this.#http = this.#start("the HTTP server", [HTTP_PROCESS], options);
    const url = await this.#http.ready;
    this.#port = Number(new URL(url).port);
    return url;
  }

  /** Ends the HTTP server in order. Gives its exit code. */
  async stopHttp(): Promise<number | null> {
    const code = (await this.#http?.stop()) ?? null;
    this.#http = undefined;
    return code;
  }

  /** Kills the silo that a room is in. Resolves when its process is gone. */
  async killSiloOf(room: string): Promise<ChildProgram> {
    const options = { cluster: this.#cluster, membership: this.#membership };
    await using cluster = await connect({ ...options, logLevel: "error" });
    const pid = await cluster.actor(Room, room).pid();
    const silo = this.processes.find((one) => one.pid === pid);
    if (silo === undefined) throw new Error(`the room is in process ${pid}, which is no silo here`);
    silo.kill();
    await silo.exited;
    return silo;
  }

  /** Ends the HTTP server, then one silo after the other. Gives the server's exit code. */
  async stop(): Promise<number | null> {
    this.#isStopped = true;
    const code = await this.stopHttp();
    for (const silo of this.#silos) await silo.stop();
    this.#removeFolder();
    return code;
  }

  /** Ends everything at once. */
  end(): void {
    this.#isStopped = true;
    for (const program of this.processes) program.kill();
    this.#removeFolder();
  }

  #start(name: string, program: readonly string[], options: Record<string, string>): ChildProgram {
    if (this.#isStopped) throw new Error("the chat was stopped");
    const all = { ...options, cluster: this.#cluster, membership: this.#membership };
    const flags = Object.entries(all).flatMap(([option, value]) => [`--${option}`, value]);
    return new ChildProgram(name, this.#folder, [...program, ...flags]);
  }

  #removeFolder(): void {
    if (this.#temporary === undefined) return;
    rmSync(this.#temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

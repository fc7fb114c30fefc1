import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AdminClient } from "@troupe/admin";
import { messageOf, randomId, sleep, systemClock, systemRandom } from "@troupe/core";
import type { SnapshotResponse } from "@troupe/sdk";
import { type Cluster, connect, silentLogger } from "troupe";
import type { Locations } from "./backends.ts";
import { ProcessGuard } from "./process-guard.ts";
import { HERE, type SiloExit, type SiloPlace, SiloProcess } from "./silo-process.ts";

const ACTORS = fileURLToPath(new URL("../actors/index.ts", import.meta.url));
const BUILT = fileURLToPath(new URL("../../packages/cli/dist/main.js", import.meta.url));

/** How long to wait for what must come. Generous, because it costs nothing when it comes. */
const PATIENCE_MS = 30_000;

const LOOK_EVERY_MS = 20;

export interface ProcessClusterOptions {
  /** The lease of each silo. Default: the product's. */
  readonly leaseTtl?: string;
  /** Where the next silo runs. Default: where the tests do, on the loopback interface. */
  readonly nextPlace?: () => SiloPlace;
}

/**
 * A cluster of real silo processes on this machine, and the verbs of the scenarios.
 *
 * After `dispose` none of its processes runs and its folder is gone; a guard sees to that, too,
 * when the test's own process is killed.
 */
export class ProcessCluster {
  readonly name = `test-${randomId(systemRandom, 8)}`;
  /** For the journal, for files that actors wait for, and for the data of the embedded flavour. */
  readonly folder = mkdtempSync(join(tmpdir(), "troupe-cluster-"));
  readonly locations: Locations;
  readonly #options: ProcessClusterOptions;
  readonly #journal = join(this.folder, "journal");
  readonly #started: SiloProcess[] = [];
  readonly #clients: Cluster[] = [];
  readonly #guard = new ProcessGuard(this.folder);

  constructor(locationsIn: (folder: string) => Locations, options: ProcessClusterOptions = {}) {
    if (!existsSync(BUILT))
      throw new Error("cluster tests run what was built: run `npm run build` first");
    this.locations = locationsIn(this.folder);
    this.#options = options;
    writeFileSync(this.#journal, "");
  }

  /** Every silo that runs, frozen ones included. */
  get silos(): readonly SiloProcess[] {
    return this.#started.filter((silo) => !silo.hasExited);
  }

  /** Starts that many silos, and waits until all take calls. */
  start(count: number): Promise<readonly SiloProcess[]> {
    return Promise.all(Array.from({ length: count }, () => this.startSilo()));
  }

  async startSilo(flags: readonly string[] = [], module = ACTORS): Promise<SiloProcess> {
    const silo = this.launch(flags, module);
    await silo.ready;
    return silo;
  }

  /** Starts a silo that may fail to. Later flags win over those that the cluster gives. */
  launch(flags: readonly string[] = [], module = ACTORS): SiloProcess {
    const { membership, storage } = this.locations;
    const { leaseTtl } = this.#options;
    const own = [
      "--cluster",
      this.name,
      "--listen",
      "127.0.0.1:0",
      "--membership",
      membership,
      "--storage",
      storage,
    ];
    const lease = leaseTtl === undefined ? [] : ["--lease-ttl", leaseTtl];
    const place = this.#options.nextPlace?.() ?? HERE;
    const silo = new SiloProcess(
      [module, ...own, ...lease, ...place.flags, ...flags],
      this.#journal,
      place,
    );
    this.#started.push(silo);
    this.#guard.started(silo.pid);
    void silo.exited.then(() => this.#guard.ended(silo.pid));
    return silo;
  }

  /** Asks a silo to drain, and waits until it has ended. */
  async stop(silo: SiloProcess): Promise<SiloExit> {
    silo.signal("SIGTERM");
    return silo.exited;
  }

  async kill(...silos: readonly SiloProcess[]): Promise<void> {
    for (const silo of silos) silo.signal("SIGKILL");
    await Promise.all(silos.map(({ exited }) => exited));
  }

  /** Keeps a silo from running until `thaw`; resolves when it has stopped. */
  async freeze(silo: SiloProcess): Promise<void> {
    silo.signal("SIGSTOP");
    await this.waitFor("the silo is frozen", () => silo.isFrozen);
  }

  thaw(silo: SiloProcess): void {
    silo.signal("SIGCONT");
  }

  /** A client in the process of the test. */
  async connect(): Promise<Cluster> {
    const { membership } = this.locations;
    const client = await connect({
      cluster: this.name,
      membership,
      logger: silentLogger,
    });
    this.#clients.push(client);
    return client;
  }

  /** What each active silo says of itself. */
  snapshots(client: Cluster): Promise<readonly SnapshotResponse[]> {
    const admin = new AdminClient(client);
    return Promise.all(client.view.members.map(({ siloId }) => admin.snapshot(siloId)));
  }

  /** What the turns of all actors have noted: the process, what ran, the actor, and more. */
  journal(): readonly (readonly string[])[] {
    const lines = readFileSync(this.#journal, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => line.split(" "));
  }

  /** Resolves when the condition holds. A look that throws is one more that does not hold. */
  async waitFor(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const end = systemClock.monotonic() + PATIENCE_MS;
    for (let reason = ""; ; await sleep(systemClock, LOOK_EVERY_MS)) {
      try {
        if (await condition()) return;
      } catch (error) {
        reason = `: ${messageOf(error)}`;
      }
      if (systemClock.monotonic() > end) throw new Error(`waited in vain until ${what}${reason}`);
    }
  }

  /** All that the silos wrote, for people. */
  logs(): string {
    return this.#started
      .map(({ pid, lines }) => `--- process ${pid}\n${lines.join("\n")}`)
      .join("\n");
  }

  async dispose(): Promise<void> {
    try {
      await Promise.all(this.#clients.map((client) => client.close()));
    } finally {
      await this.kill(...this.silos);
      await this.#guard.release();
    }
  }
}

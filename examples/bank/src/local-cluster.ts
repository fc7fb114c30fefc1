import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterPlace, SiloProcess } from "./silo-process.ts";

/**
 * The silo processes of the tour and the temporary folder that they run in. Nothing of it is left
 * after `stop` or `end`.
 */
export class LocalCluster {
  readonly place: ClusterPlace;
  readonly folder: string;
  readonly #silos: SiloProcess[] = [];
  #started = 0;
  #isStopped = false;

  /** What is not given of `place` is in the temporary folder. */
  constructor(place: Pick<ClusterPlace, "cluster"> & Partial<ClusterPlace>) {
    this.folder = mkdtempSync(join(tmpdir(), "troupe-bank-"));
    const here = `file:${join(this.folder, "data")}`;
    this.place = {
      cluster: place.cluster,
      membership: place.membership ?? here,
      storage: place.storage ?? here,
    };
  }

  get silos(): readonly SiloProcess[] {
    return this.#silos;
  }

  /** Resolves when the new silo takes calls. */
  async startSilo(): Promise<SiloProcess> {
    if (this.#isStopped) throw new Error("the cluster was stopped");
    const silo = new SiloProcess(`silo ${++this.#started}`, this.folder, this.place);
    this.#silos.push(silo);
    await silo.ready;
    return silo;
  }

  /** Kills a silo. Resolves when its process is gone. */
  async kill(silo: SiloProcess): Promise<void> {
    this.#silos.splice(this.#silos.indexOf(silo), 1);
    silo.kill();
    await silo.exited;
  }

  /**
   * Drains one silo after the other, so that each but the last has somewhere to move its actors,
   * and takes the folder away.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the point.
    for (const silo of this.#silos) await silo.stop();
    this.#removeFolder();
  }

  /** Ends everything at once. */
  end(): void {
    this.#isStopped = true;
    for (const silo of this.#silos) silo.kill();
    this.#removeFolder();
  }

  #removeFolder(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

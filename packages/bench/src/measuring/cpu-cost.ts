import { median } from "./median.ts";

/** Microseconds of CPU that one process has used so far, all its threads together. */
export type CpuReading = () => Promise<number>;

/** Microseconds that this process has used so far. */
export function ownCpu(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return Promise.resolve(user + system);
}

/**
 * What calls cost the processes that take part, in microseconds of CPU each. Unlike rates these
 * hardly change when others use the machine too.
 */
export class CpuCost {
  readonly #processes: Readonly<Record<string, CpuReading>>;
  readonly #costs: Record<string, number>[] = [];

  constructor(processes: Readonly<Record<string, CpuReading>>) {
    this.#processes = processes;
  }

  /** Runs `work` and counts its calls; `work` gets the function to be called once for each. */
  async of<T>(work: (count: () => void) => Promise<T>): Promise<T> {
    const before = await this.#read();
    let calls = 0;
    const result = await work(() => {
      calls++;
    });
    const after = await this.#read();
    this.#costs.push(
      Object.fromEntries(
        after.map(([name, used], index) => [name, (used - (before[index]?.[1] ?? 0)) / calls]),
      ),
    );
    return result;
  }

  /**
   * Microseconds a call, by process: the median of what was measured, without the first time, which
   * was for warming up.
   */
  get microsEach(): Readonly<Record<string, number>> {
    const costs = this.#costs.slice(1);
    const names = Object.keys(this.#processes);
    return Object.fromEntries(
      names.map((name) => [name, rounded(median(costs.map((cost) => cost[name] ?? 0)))]),
    );
  }

  #read(): Promise<[string, number][]> {
    const readings = Object.entries(this.#processes);
    return Promise.all(
      readings.map(async ([name, read]): Promise<[string, number]> => [name, await read()]),
    );
  }
}

function rounded(micros: number): number {
  return Math.round(micros * 100) / 100;
}

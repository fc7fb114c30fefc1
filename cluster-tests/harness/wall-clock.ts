import { writeFileSync } from "node:fs";
import { fakeTimeLibrary } from "@troupe/services";

/**
 * The wall clock of one process, by libfaketime: it can be set forward and back while the process
 * runs. The monotonic clock stays the machine's.
 */
export class WallClock {
  /** What the process has to be started with. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.environment = {
      LD_PRELOAD: fakeTimeLibrary(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      // Seconds until a process looks at its file again; the least that there is without a look at
      // each call.
      FAKETIME_CACHE_DURATION: "1",
    };
    this.set(0);
  }

  /** From within a second or so on, the process reads the machine's clock with this offset. */
  set(offsetSeconds: number): void {
    writeFileSync(this.#file, `${offsetSeconds < 0 ? "-" : "+"}${Math.abs(offsetSeconds)}\n`);
  }
}

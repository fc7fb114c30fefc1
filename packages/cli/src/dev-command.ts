import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { systemClock, TroupeError } from "@troupe/core";
import { loadSettings } from "@troupe/host";
import type { Settings } from "@troupe/host";
import type { DevFlags } from "./program.ts";
import { refuseRunning } from "./refuse-running.ts";
import { logFormatOf, siloProcess } from "./silo-process.ts";
import { refuseMemory } from "./settings-of-command.ts";
import { whenAskedToEnd } from "./shutdown.ts";
import { type Replaced, SiloGroup } from "./silo-group.ts";
import { EXIT_FAILED, EXIT_OK, printData, printNote } from "./terminal.ts";
import { FolderWatch } from "./watch-folder.ts";

/**
 * Every silo takes a free port, whatever the configuration says of a silo that is alone on its
 * machine.
 */
const ON_THIS_MACHINE = { listen: "127.0.0.1:0" };

/**
 * `troupe dev`: a cluster of processes on this machine that follows the changes of the module's
 * folder. Unless it is told to join, it refuses a cluster that runs already: two of them would
 * restart on each other's changes, and each would show half of the log.
 */
export async function runDev(module: string, flags: DevFlags): Promise<number> {
  const path = resolve(module);
  if (!existsSync(path))
    throw new TroupeError(
      "BAD_CONFIG",
      `<module> ${module} is not there; give the path of a .js or .ts file`,
    );
  const settings = loadSettings({
    flags: { ...flags, ...ON_THIS_MACHINE },
    variables: process.env,
    folder: process.cwd(),
  });
  refuseMemory(settings);
  if (settings.advertise !== undefined) {
    throw new TroupeError(
      "BAD_CONFIG",
      `advertise "${settings.advertise}": dev runs on this machine only; take it away, or use troupe silo`,
    );
  }
  if (!flags.join) await refuseRunning(settings);
  const logFormat = logFormatOf(settings);
  const group = new SiloGroup({
    clock: systemClock,
    count: flags.silos,
    start: (place) =>
      siloProcess({
        module: path,
        flags: { ...flags, ...ON_THIS_MACHINE, logFormat },
        json: false,
        onLine: prefixed(place),
      }),
    report: printNote,
    onLost: (place) => printNote(`silo ${place + 1} stays down until a file changes`),
    onEmpty: () => printNote("all silos have been drained; they stay down until a file changes"),
  });
  const asked = whenAskedToEnd(() => group.kill());
  const started = await Promise.race([group.start(), asked]);
  if (started === false) {
    await group.stop();
    return EXIT_FAILED;
  }
  if (started === true) {
    // What is announced must be true already: a file may change in the same moment.
    const watch = watchSources(dirname(path), settings, group);
    printNote(
      `cluster ${settings.cluster}: ${flags.silos === 1 ? "1 silo is" : `${flags.silos} silos are`} ready; restarting on changes in ${dirname(path)}; Ctrl-C drains`,
    );
    await asked;
    watch.close();
  }
  printNote("draining");
  await group.stop();
  return EXIT_OK;
}

function watchSources(
  folder: string,
  { membership, storage }: Settings,
  group: SiloGroup,
): FolderWatch {
  const ignored = [membership, storage]
    .map(({ provider, location }) => provider.folderOf?.(location))
    .filter((written) => written !== undefined);
  return new FolderWatch({
    clock: systemClock,
    folder,
    ignored,
    onChange: async () => {
      printNote("files changed; starting silos that run them, and then draining the others");
      printNote(describeReplaced(await group.replaceAll()));
    },
  });
}

function describeReplaced(replaced: Replaced): string {
  switch (replaced) {
    case "replaced":
    case "restarted":
      return "all silos run the changed files";
    case "kept":
      return "the silos run the files as they were; change them again";
    case "down":
      return "not all silos are up; change the files again";
  }
}

function prefixed(place: number): (line: string, stream: "stdout" | "stderr") => void {
  return (line, stream) =>
    (stream === "stdout" ? printData : printNote)(`silo ${place + 1} | ${line}`);
}

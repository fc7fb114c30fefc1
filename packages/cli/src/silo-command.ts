import { systemClock } from "@troupe/core";
import { definitionsOf } from "@troupe/sdk";
import { loadSettings } from "@troupe/host";
import { openSilo } from "@troupe/host";
import { SILO_LOADED, type SiloReady } from "./child-silo.ts";
import { loadActors } from "./load-actors.ts";
import type { Flags } from "./program.ts";
import { addressOfPlace, logFormatOf, siloProcess } from "./silo-process.ts";
import { refuseMemory, settingsOfCommand } from "./settings-of-command.ts";
import { whenAskedToEnd } from "./shutdown.ts";
import { SiloGroup } from "./silo-group.ts";
import { EXIT_FAILED, EXIT_OK, printData, printNote } from "./terminal.ts";

export type SiloFlags = Flags & { readonly processes: number; readonly json: boolean };

/** `troupe silo`: runs until it is asked to end by a signal, or to drain by another process. */
export function runSilo(module: string, flags: SiloFlags): Promise<number> {
  return flags.processes === 1 ? runHere(module, flags) : runProcesses(module, flags);
}

async function runHere(module: string, flags: SiloFlags): Promise<number> {
  const asked = whenAskedToEnd(() => printNote("ended at once; what was not stored is lost"));
  const { settings, logger } = settingsOfCommand(flags, "info");
  const actors = await loadActors(module);
  definitionsOf(actors);
  process.send?.(SILO_LOADED);
  const silo = await openSilo(settings, logger, actors);
  const { siloId, address } = silo;
  announce({ siloId, address }, settings.cluster, flags.json);
  const end = await Promise.race([
    asked.then(() => "asked" as const),
    silo.stopped.then(() => "drained" as const),
  ]);
  if (end === "asked") await silo.stop();
  // It has another id if it lost its lease since.
  const left = `silo ${silo.siloId} has left the cluster ${settings.cluster}`;
  printNote(end === "asked" ? left : `${left}: an operator has drained it`);
  return EXIT_OK;
}

/** Tells whoever started this process, in the form that they read. */
function announce(ready: SiloReady, cluster: string, json: boolean): void {
  process.send?.(ready);
  printData(
    json
      ? JSON.stringify(ready)
      : `silo ${ready.siloId} of cluster ${cluster} is ready at ${ready.address}`,
  );
}

/**
 * Several silos, each in a process of its own. If one cannot be kept up, all are stopped; it ends
 * when all have been drained.
 */
async function runProcesses(module: string, flags: SiloFlags): Promise<number> {
  // Mistakes are shown once, and before any process is started.
  const settings = loadSettings({ flags, variables: process.env, folder: process.cwd() });
  refuseMemory(settings);
  const lost = Promise.withResolvers<"lost">();
  const drained = Promise.withResolvers<"drained">();
  const group = new SiloGroup({
    clock: systemClock,
    count: flags.processes,
    start: (place) => {
      const listen = addressOfPlace(settings.listen, place);
      const advertise =
        settings.advertise === undefined ? undefined : addressOfPlace(settings.advertise, place);
      return siloProcess({
        module,
        flags: { ...flags, listen, advertise, logFormat: logFormatOf(settings) },
        json: flags.json,
        onLine: passOn,
      });
    },
    report: printNote,
    onLost: () => lost.resolve("lost"),
    onEmpty: () => drained.resolve("drained"),
  });
  const asked = whenAskedToEnd(() => group.kill());
  const started = group.start().then((all) => (all ? lost.promise : "lost"));
  const end = await Promise.race([asked, lost.promise, drained.promise, started]);
  await group.stop();
  return end === "lost" ? EXIT_FAILED : EXIT_OK;
}

function passOn(line: string, stream: "stdout" | "stderr"): void {
  (stream === "stdout" ? printData : printNote)(line);
}

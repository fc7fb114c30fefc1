import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CpuProfile, roomTimes, selfTimes, type Share } from "./cpu-profile.ts";

const ROOMS_SHOWN = 10;
const FUNCTIONS_SHOWN = 30;

/**
 * The packages and the functions that took the most time themselves, for each profile of the
 * folder.
 */
export async function summariseProfiles(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".cpuprofile")).toSorted();
  const parts = await Promise.all(
    files.map(async (file) => {
      const profile = JSON.parse(await readFile(join(folder, file), "utf8")) as CpuProfile;
      return [
        file,
        ...roomTimes(profile).slice(0, ROOMS_SHOWN).map(describe),
        "",
        ...selfTimes(profile).slice(0, FUNCTIONS_SHOWN).map(describe),
      ].join("\n");
    }),
  );
  return parts.join("\n\n");
}

function describe({ where, share }: Share): string {
  return `${(share * 100).toFixed(1).padStart(6)} %  ${where}`;
}

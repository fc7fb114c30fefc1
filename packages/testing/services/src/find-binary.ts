import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Folders of system servers that a user's PATH often lacks. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"];

/** Debian keeps each version of PostgreSQL in a folder here, and its server on no PATH. */
const POSTGRES_VERSIONS = "/usr/lib/postgresql";

/** The path of an executable on PATH or in the system's folders, or undefined. */
export function findBinary(name: string): string | undefined {
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...SYSTEM_FOLDERS,
    ...postgresFolders(),
  ];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path));
}

/** The newest version first. */
function postgresFolders(): string[] {
  if (!existsSync(POSTGRES_VERSIONS)) return [];
  return readdirSync(POSTGRES_VERSIONS)
    .toSorted((one, other) => Number(other) - Number(one))
    .map((version) => join(POSTGRES_VERSIONS, version, "bin"));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ParsedUrl, Provider, ProviderContext } from "@troupe/core";
import { clustersIn } from "./clusters-in.ts";

/** A folder of this machine's disk. It may serve several clusters, which share nothing. */
export interface FolderLocation {
  /** Absolute. */
  readonly folder: string;
}

/** `file:./folder`: membership and storage in a folder, for processes of one machine. */
export const embeddedProvider: Provider<FolderLocation> = {
  name: "file",
  schemes: ["file"],
  example: "file:./folder",
  reach: "machine",
  parse: parseFolderUrl,
  folderOf: ({ folder }) => folder,
  clusters: async ({ folder }) => clustersIn(folder),
  openMembership: async (location, context) => {
    const { openEmbeddedMembership } = await import("./embedded-membership.ts");
    return openEmbeddedMembership(clusterFolder(location, context), context);
  },
  openStores: async (location, context) => {
    const { openEmbeddedStores } = await import("./embedded-stores.ts");
    return openEmbeddedStores(clusterFolder(location, context), context);
  },
};

function parseFolderUrl(url: string): ParsedUrl<FolderLocation> {
  const rest = url.slice(url.indexOf(":") + 1);
  if (rest === "" || rest === "//") return wrong('give a folder, such as "file:./folder"');
  const home = /^(?:\/\/)?~(\/.*)?$/.exec(rest);
  if (home !== null) {
    return wrong(
      `no shell replaces ~ here; give "file:${homedir()}${home[1] ?? ""}", or "file:./${rest}" for a folder whose name is ~`,
    );
  }
  if (!rest.startsWith("//")) return { kind: "location", location: { folder: resolve(rest) } };
  try {
    return { kind: "location", location: { folder: fileURLToPath(url) } };
  } catch {
    // `file://data` would name a machine called data.
    return wrong(
      'give "file:./folder" for a relative path or "file:///folder" for an absolute one',
    );
  }
}

function wrong(right: string): ParsedUrl<FolderLocation> {
  return { kind: "wrong", right };
}

function clusterFolder({ folder }: FolderLocation, { cluster }: ProviderContext): string {
  return join(folder, cluster);
}

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A file of the page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
}

/** The same place from src and from dist. */
const FOLDER = new URL("../page/", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "elements.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** Whether the page has a file of that name. */
export function isPageFile(name: string): boolean {
  return Object.hasOwn(TYPES, name);
}

/** The page, and what it is made of, by name. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  return new Map(
    Object.entries(TYPES).map(([name, type]) => [
      name,
      { type, content: readFileSync(fileURLToPath(new URL(name, FOLDER))) },
    ]),
  );
}

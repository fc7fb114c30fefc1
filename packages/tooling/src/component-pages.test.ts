import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { builtInTypes, componentPages } from "@troupe/components";
import { postgresTypes } from "@troupe/components-postgres";
import { redisTypes } from "@troupe/components-redis";
import { describe, expect, it } from "vitest";
import { filesBelow, read, ROOT } from "./repository.ts";

const FOLDER = "docs/components";

const types = [...builtInTypes(), ...postgresTypes, ...redisTypes];
const pages = componentPages(types);

// Set to anything, this writes the pages instead of checking them.
if (process.env.WRITE_COMPONENT_PAGES !== undefined) {
  rmSync(`${ROOT}/${FOLDER}`, { recursive: true, force: true });
  mkdirSync(`${ROOT}/${FOLDER}`);
  for (const [name, page] of pages) writeFileSync(`${ROOT}/${FOLDER}/${name}`, page);
}

describe(FOLDER, () => {
  it("has a page for each type of component and no other", () => {
    const expected = Array.from(pages.keys(), (name) => `${FOLDER}/${name}`);
    expect(filesBelow(FOLDER).toSorted()).toEqual(expected.toSorted());
  });

  it.each([...pages])("is current for %s (WRITE_COMPONENT_PAGES=1 writes it)", (name, page) => {
    expect(read(`${FOLDER}/${name}`).text).toBe(page);
  });

  it("is reached from docs/components.md", () => {
    const { text } = read("docs/components.md");
    const missing = types.filter(
      ({ type }) => !text.includes(`[\`${type}\`](components/${type}.md)`),
    );
    expect(missing).toEqual([]);
  });
});

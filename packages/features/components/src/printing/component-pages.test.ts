import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { componentType } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { builtInTypes } from "../kinds/built-in-types.ts";
import { componentPages } from "./component-pages.ts";
import { printType } from "./print-type.ts";

const PAGES = fileURLToPath(new URL("../../../../../docs/components", import.meta.url));

const types = builtInTypes();
const pages = componentPages(types);

/** Set to anything, this writes the pages instead of checking them. */
if (process.env.WRITE_COMPONENT_PAGES !== undefined) {
  rmSync(PAGES, { recursive: true, force: true });
  mkdirSync(PAGES);
  for (const [name, page] of pages) writeFileSync(`${PAGES}/${name}`, page);
}

describe("docs/components", () => {
  it("has a page for each type and no other", () => {
    expect(readdirSync(PAGES).toSorted()).toEqual([...pages.keys()].toSorted());
  });

  it.each([...pages])("is current for %s (WRITE_COMPONENT_PAGES=1 writes it)", (name, page) => {
    expect(readFileSync(`${PAGES}/${name}`, "utf8")).toBe(page);
  });

  it("lists each type in docs/components.md", () => {
    const page = readFileSync(`${PAGES}.md`, "utf8");
    const missing = types.filter(
      ({ type }) => !page.includes(`[\`${type}\`](components/${type}.md)`),
    );
    expect(missing).toEqual([]);
  });
});

describe("printType", () => {
  it("says what each piece of metadata is, and shows what is required", () => {
    const page = printType(
      componentType({
        type: "lock.acme",
        block: "lock",
        versions: ["v2", "v1"],
        summary: "Locks of Acme.",
        notes: "They are good locks.",
        metadata: {
          host: { kind: "text", required: true, doc: "Where it is." },
          password: { kind: "text", required: true, secret: true, doc: "What it asks for." },
          mode: { kind: "text", choices: ["a", "b"], default: "a", doc: "How." },
          wait: { kind: "duration", doc: "How long." },
        },
        ignored: { sentinel: "there is none" },
        open: async () => {
          throw new Error("not for a page");
        },
      }),
    );
    for (const line of [
      "# lock.acme\n\nLocks of Acme.",
      "Block: locks (`components.lock(name)`). Versions: `v2` (the one of a component that names none), `v1`.",
      "      secretKeyRef: { name: example, key: password }",
      "| `host`     | text                   | required | Where it is.                                 |",
      "| `password` | text                   | required | What it asks for. Keep it in a secret store. |",
      "| `mode`     | `a`, `b`               | `a`      | How.                                         |",
      "| `wait`     | duration, such as `5s` | none     | How long.                                    |",
      "- `sentinel`: there is none.",
      "## Notes\n\nThey are good locks.\n",
    ])
      expect(page).toContain(line);
  });
});

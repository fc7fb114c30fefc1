import { componentType } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { printType } from "./print-type.ts";

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

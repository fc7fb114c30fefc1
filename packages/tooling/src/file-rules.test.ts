import { describe, expect, it } from "vitest";
import {
  checkFileName,
  checkIndex,
  checkLength,
  checkTopLevel,
  checkUnfinished,
} from "./file-rules.ts";
import type { SourceFile } from "./import-rules.ts";

function file(text: string, path = "packages/core/src/index.ts"): SourceFile {
  return { path, text };
}

describe("the file rules", () => {
  it("refuse names that say nothing, and names that are not kebab-case", () => {
    expect(checkFileName("packages/core/src/actor-address.test.ts")).toEqual([]);
    expect(checkFileName("packages/core/src/utils.ts")).toHaveLength(1);
    expect(checkFileName("packages/core/src/types.test.ts")).toHaveLength(1);
    expect(checkFileName("packages/core/src/ActorAddress.ts")).toHaveLength(1);
    expect(checkFileName("packages/core/src/actor_address.ts")).toHaveLength(1);
  });

  it("refuse the 401st line", () => {
    expect(checkLength(file("x\n".repeat(400)))).toEqual([]);
    expect(checkLength(file("x\n".repeat(401)))).toHaveLength(1);
  });

  it("refuse code in an index file", () => {
    expect(
      checkIndex(
        file('/** Doc. */\nexport * from "./a.ts";\nexport {\n  b,\n  type C,\n} from "./b.ts";\n'),
      ),
    ).toEqual([]);
    expect(checkIndex(file("export {};\n"))).toEqual([]);
    expect(checkIndex(file('export * from "./a.ts";\nexport const b = 1;\n'))).toHaveLength(1);
    expect(checkIndex(file('import "./a.ts";\n'))).toHaveLength(1);
    expect(checkIndex(file("export const b = 1;\n", "packages/core/src/clock.ts"))).toEqual([]);
  });

  it("refuse what is left to do without an issue", () => {
    const word = ["TO", "DO"].join("");
    expect(checkUnfinished(file(`// ${word} (#12): more\n// ${word} #12\nconst x = 1;\n`))).toEqual(
      [],
    );
    expect(checkUnfinished(file(`const x = 1;\n// ${word}: more\n`))).toEqual([
      expect.stringContaining("index.ts:2"),
    ]);
  });

  it("refuse anything new at the top of the repository", () => {
    expect(checkTopLevel(["package.json", "packages", "README.md"])).toEqual([]);
    expect(checkTopLevel(["vitest.config.ts"])).toHaveLength(1);
  });
});

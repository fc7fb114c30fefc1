import { describe, expect, it } from "vitest";
import {
  checkDeclared,
  checkManifest,
  checkPackageImports,
  checkRelativeImports,
  checkRuntimeFolders,
  importsOf,
  type SourceFile,
} from "./import-rules.ts";

function file(path: string, ...imports: string[]): SourceFile {
  return { path, text: imports.map((specifier) => `import { x } from "${specifier}";\n`).join("") };
}

describe("importsOf", () => {
  it("finds every form of import, and none in a comment", () => {
    const text = [
      'import "a";',
      'import type { B } from "b";',
      'import {\n  c,\n} from "c";',
      'export * from "d";',
      '  const e = await import("e");',
      'type F = import("f").F;',
      ' * import { no } from "comment";',
      '  // import("comment")',
      'const text = "from";',
    ].join("\n");
    expect(importsOf(text)).toEqual(["a", "b", "c", "d", "e", "f"]);
  });
});

describe("the package rules", () => {
  it("refuse a provider in runtime, and runtime in a provider", () => {
    expect(
      checkPackageImports(
        file("packages/runtime/src/silo/silo.ts", "@troupe/core", "@troupe/memory"),
      ),
    ).toHaveLength(1);
    expect(
      checkPackageImports(
        file("packages/providers/redis/src/index.ts", "@troupe/core", "@troupe/runtime"),
      ),
    ).toHaveLength(1);
  });

  it("refuse everything of ours in core", () => {
    expect(checkPackageImports(file("packages/core/src/clock.ts", "@troupe/sdk"))[0]).toContain(
      "only nothing of ours",
    );
  });

  it("allow the testkit in tests only", () => {
    expect(
      checkPackageImports(file("packages/providers/redis/src/state.test.ts", "@troupe/testkit")),
    ).toEqual([]);
    expect(
      checkPackageImports(file("packages/providers/redis/src/state.ts", "@troupe/testkit")),
    ).toHaveLength(1);
    expect(
      checkPackageImports(file("packages/providers/redis/src/state.test.ts", "@troupe/runtime")),
    ).toHaveLength(1);
  });

  it("hold the testkit's own sources to the table", () => {
    expect(
      checkPackageImports(file("packages/testing/testkit/src/cluster.ts", "@troupe/memory")),
    ).toEqual([]);
    expect(
      checkPackageImports(file("packages/testing/testkit/src/cluster.ts", "@troupe/redis")),
    ).toHaveLength(1);
  });

  it("refuse the testkit in troupe, and anything but troupe in an example", () => {
    expect(
      checkPackageImports(file("packages/troupe/src/start-silo.ts", "@troupe/testkit")),
    ).toHaveLength(1);
    expect(
      checkPackageImports(file("examples/bank/src/account.ts", "troupe", "@troupe/core")),
    ).toHaveLength(1);
  });

  it("refuse a package that the table does not know", () => {
    expect(checkPackageImports(file("packages/surprise/src/index.ts"))[0]).toContain(
      "packages/surprise",
    );
  });

  it("refuse a dependency against the arrows, also among the devDependencies", () => {
    const path = "packages/providers/grpc/package.json";
    expect(
      checkManifest(path, { dependencies: { "@troupe/core": "0.1.0", "@grpc/grpc-js": "1" } }),
    ).toEqual([]);
    expect(checkManifest(path, { devDependencies: { "@troupe/testkit": "0.1.0" } })).toEqual([]);
    expect(checkManifest(path, { dependencies: { "@troupe/testkit": "0.1.0" } })).toHaveLength(1);
    expect(checkManifest(path, { devDependencies: { "@troupe/runtime": "0.1.0" } })).toHaveLength(
      1,
    );
  });

  it("refuse an import that package.json does not declare", () => {
    const source = file("packages/providers/grpc/src/index.ts", "@troupe/core");
    expect(checkDeclared(source, {})).toHaveLength(1);
    expect(checkDeclared(source, { dependencies: { "@troupe/core": "0.1.0" } })).toEqual([]);
  });

  it("refuse a relative import into another package", () => {
    expect(
      checkRelativeImports(file("packages/sdk/src/actor.ts", "./state.ts", "../package.json")),
    ).toEqual([]);
    expect(
      checkRelativeImports(file("packages/sdk/src/actor.ts", "../../core/src/clock.ts")),
    ).toHaveLength(1);
  });

  it("refuse folders of runtime against their arrows", () => {
    expect(
      checkRuntimeFolders([
        file(
          "packages/runtime/src/routing/router.ts",
          "../ownership/ring.ts",
          "../activation/catalog.ts",
          "./dispatcher.ts",
        ),
      ]),
    ).toEqual([]);
    expect(
      checkRuntimeFolders([
        file("packages/runtime/src/durability/stored-actor.ts", "../sends/sends-part.ts"),
      ]),
    ).toEqual([]);
    expect(
      checkRuntimeFolders([
        file("packages/runtime/src/activation/activation.ts", "../routing/router.ts"),
      ]),
    ).toHaveLength(1);
    expect(
      checkRuntimeFolders([
        file("packages/runtime/src/ownership/ownership.ts", "../membership/member-table.ts"),
      ]),
    ).toHaveLength(1);
    expect(
      checkRuntimeFolders([
        file("packages/runtime/src/reminders/timer-service.ts", "../ownership/ring.ts"),
      ]),
    ).toHaveLength(1);
    expect(checkRuntimeFolders([file("packages/runtime/src/surprise/thing.ts")])).toHaveLength(1);
  });

  it("let folders of runtime share a file beside them unless it imports a folder", () => {
    const user = file("packages/runtime/src/activation/mailbox.ts", "../turn.ts");
    expect(
      checkRuntimeFolders([user, file("packages/runtime/src/turn.ts", "@troupe/core")]),
    ).toEqual([]);
    expect(
      checkRuntimeFolders([user, file("packages/runtime/src/turn.ts", "./routing/router.ts")]),
    ).toHaveLength(1);
  });
});

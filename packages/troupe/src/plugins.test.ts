import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { troupe } from "troupe/esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const VITEST = fileURLToPath(new URL("../../../node_modules/vitest/vitest.mjs", import.meta.url));

const ESBUILD = fileURLToPath(
  new URL("../../../node_modules/esbuild/bin/esbuild", import.meta.url),
);

const ACTOR = `import { Actor, actor, state } from "troupe";

@actor("Counter")
export class Counter extends Actor {
  @state() accessor count = 0;

  async add(): Promise<number> {
    return ++this.count;
  }
}
`;

const TEST = `import { expect, it } from "vitest";
import { TestCluster } from "@troupe/testkit";
import { Counter } from "./counter.ts";

it("counts", async () => {
  const cluster = await TestCluster.start({ actors: [Counter] });
  expect(await cluster.run(cluster.actor(Counter, "a").add())).toBe(1);
});
`;

const CONFIG = `import { troupe } from "troupe/vitest";

export default { plugins: [troupe()], test: { include: ["*.test.ts"] } };
`;

const MAIN = `import { startSilo } from "troupe";
import { Counter } from "./counter.ts";

async function main(): Promise<void> {
  const folder = "file:" + process.argv[2];
  const first = await startSilo({ actors: [Counter], membership: folder, storage: folder });
  const second = await startSilo({ actors: [Counter], membership: folder, storage: folder });
  const ids = Array.from({ length: 8 }, (_, index) => "counter-" + index);
  for (const silo of [first, second])
    for (const id of ids) await silo.actor(Counter, id).add();
  console.log("counted", await first.actor(Counter, ids[0] ?? "").add());
  await second.stop();
  await first.stop();
}

void main();
`;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

async function run(
  folder: string,
  args: readonly string[],
  program = process.execPath,
): Promise<Ended> {
  const { VITEST: _, ...env } = process.env;
  const child = spawn(program, [...args], { cwd: folder, env });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return { code, output };
}

let folder = "";

beforeEach(async () => {
  // Inside of the package, so that its imports resolve as they do for a user.
  folder = await mkdtemp(`${PACKAGE}.trial-`);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "counter.ts"), ACTOR);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("troupe/vitest", () => {
  it("lets a test of a user import a class with decorators", async () => {
    await writeFile(join(folder, "counter.test.ts"), TEST);
    await writeFile(join(folder, "vitest.config.ts"), CONFIG);

    const { code, output } = await run(folder, [VITEST, "run", "--root", folder]);

    expect(output).toContain("1 passed");
    expect(code).toBe(0);
  }, 60_000);
});

describe("docs/testing.md", () => {
  it("shows a test that passes as it stands", async () => {
    const page = await readFile(new URL("../../../docs/testing.md", import.meta.url), "utf8");
    const snippets = [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)];
    expect(snippets.map(([, name]) => name)).toEqual([
      "vitest.config.ts",
      "trial.ts",
      "trial.test.ts",
    ]);
    for (const [, name = "", code = ""] of snippets)
      // oxlint-disable-next-line no-await-in-loop -- there are three.
      await writeFile(join(folder, name), code);

    const { code, output } = await run(folder, [VITEST, "run", "--root", folder]);

    expect(output).toContain("1 passed");
    expect(code).toBe(0);
  }, 60_000);
});

describe("docs/tools.md", () => {
  it("shows a command of esbuild whose bundle runs", async () => {
    const page = await readFile(new URL("../../../docs/tools.md", import.meta.url), "utf8");
    const [, command = ""] = /^esbuild (.+)$/m.exec(page) ?? [];
    await mkdir(join(folder, "src"));
    await writeFile(join(folder, "src", "counter.ts"), ACTOR);
    await writeFile(join(folder, "src", "main.ts"), MAIN);
    const built = await run(folder, command.split(" "), ESBUILD);
    expect(built).toMatchObject({ code: 0 });

    const { code, output } = await run(folder, ["dist/main.cjs", join(folder, "data")]);

    expect(output).toContain("counted 3");
    expect(code).toBe(0);
  }, 60_000);
});

/** What a program of ES modules gives to the packages in it that were written for `require`. */
const REQUIRE =
  'import { createRequire as forBundle } from "node:module"; const require = forBundle(import.meta.url);';

describe("troupe/esbuild", () => {
  it.each([
    { format: "cjs", name: "main.cjs", banner: "" },
    { format: "esm", name: "main.mjs", banner: REQUIRE },
  ] as const)(
    "bundles a program that runs two silos, as $format",
    async ({ format, name, banner }) => {
      await writeFile(join(folder, "main.ts"), MAIN);
      await mkdir(join(folder, "dist"));
      const outfile = join(folder, "dist", name);
      await build({
        entryPoints: [join(folder, "main.ts")],
        outfile,
        bundle: true,
        platform: "node",
        format,
        banner: { js: banner },
        plugins: [troupe()],
        logLevel: "silent",
      });

      const { code, output } = await run(folder, [outfile, join(folder, "data")]);

      expect(output).toContain("counted 3");
      expect(code).toBe(0);
    },
    60_000,
  );
});

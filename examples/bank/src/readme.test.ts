import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type ActorClass, startSilo } from "troupe";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");

interface Snippet {
  /** The first line of each snippet names its file. */
  readonly name: string;
  readonly code: string;
  /** What its comments say that it prints. */
  readonly prints: readonly string[];
}

const snippets = [...README.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
  ([, code = ""]): Snippet => ({
    name: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? "",
    code,
    prints: [...code.matchAll(/\/\/ prints (.+)$/gm)].map(([, text = ""]) => text),
  }),
);

/**
 * Below the example, so that `troupe` is found, in a folder that neither git nor the tools look
 * into.
 */
let folder: string;
let cwd: string;

beforeAll(() => {
  mkdirSync(join(ROOT, "examples/bank/.troupe"), { recursive: true });
  folder = mkdtempSync(join(ROOT, "examples/bank/.troupe/readme-"));
  for (const { name, code } of snippets) writeFileSync(join(folder, name), code);
  // The snippets keep their clusters in the current folder.
  cwd = process.cwd();
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(cwd);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a snippet as the program that it is, and gives what it printed. */
async function run(name: string): Promise<string[]> {
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
    printed.push(values.join(" "));
  });
  try {
    await import(pathToFileURL(join(folder, name)).href);
  } finally {
    log.mockRestore();
  }
  return printed;
}

function expected(name: string): readonly string[] {
  return snippets.find((snippet) => snippet.name === name)?.prints ?? ["there is no such snippet"];
}

describe("the README", () => {
  it("names the file of each of its snippets", () => {
    expect(snippets.map(({ name }) => name)).toEqual([
      "account.ts",
      "main.ts",
      "client.ts",
      "errors.ts",
      "greeter.ts",
    ]);
  });

  it("has snippets that the compiler accepts", () => {
    const config = {
      extends: join(ROOT, "packages/tooling/tsconfig.package.json"),
      compilerOptions: {
        composite: false,
        noEmit: true,
        rootDir: ROOT,
        typeRoots: [join(ROOT, "node_modules/@types")],
      },
      // Sibling packages are read as sources, and one of them needs this.
      include: ["*.ts", join(ROOT, "packages/client/src/hashring.d.ts")],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const complaints = (): string => {
      try {
        execFileSync(
          process.execPath,
          [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder],
          {
            encoding: "utf8",
            stdio: "pipe",
          },
        );
        return "";
      } catch (error) {
        return (error as { readonly stdout: string }).stdout;
      }
    };
    expect(complaints()).toBe("");
  });

  it("has a first actor and a first silo that print what it says", async () => {
    expect(await run("main.ts")).toEqual(expected("main.ts"));
  });

  it("has clients that print what it says, while a silo runs", async () => {
    const { Account } = (await import(pathToFileURL(join(folder, "account.ts")).href)) as {
      readonly Account: ActorClass;
    };
    await using _silo = await startSilo({ actors: [Account], logLevel: "warn" });
    expect(await run("client.ts")).toEqual(expected("client.ts"));
    expect(await run("errors.ts")).toEqual(expected("errors.ts"));
  });

  it("has a reminder that ticks as it says", async () => {
    expect(await run("greeter.ts")).toEqual(expected("greeter.ts"));
  });

  it("shows commands that there are", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = [...README.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? "");
    expect(named.length).toBeGreaterThan(2);
    for (const name of [...named, "start", "test"]) expect(Object.keys(scripts)).toContain(name);
  });
});

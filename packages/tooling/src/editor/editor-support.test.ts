import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import typescript56 from "typescript-5.6";
import typescript59 from "typescript-5.9";
import typescript6 from "typescript-6";
import { describe, expect, it } from "vitest";
import { type Compiler, OpenFile } from "./language-service.ts";

const COMPILERS: readonly (readonly [string, Compiler])[] = [
  ["5.6", typescript56 as unknown as Compiler],
  ["5.9", typescript59],
  ["6.0", typescript6 as unknown as Compiler],
];

const SOURCE = `import { Actor, type ActorRef, actor, connect, startSilo, state } from "troupe";

@actor("Account")
export class Account extends Actor {
  @state() accessor balance = 0;
  /** Adds to the balance. */
  async /*declared*/deposit(amount: number): Promise<number> {
    return (this.balance += amount);
  }
  plain(): number {
    return this.balance;
  }
  async give(to: string): Promise<void> {
    this.send(Account, to)./*sent*/deposit(1);
    this.send<Account>("Account", to)./*sentByName*/deposit(2);
    await this.actor(Account, to)./*inTurn*/deposit(3);
    await this.actor<Account>("Account", to)./*byName*/deposit(4);
  }
}

export async function main(ref: ActorRef<Account>): Promise<void> {
  await using silo = await startSilo({ actors: [Account] });
  await silo.actor(Account, "a")./*onSilo*/deposit(5);
  await ref./*passed*/deposit(6);
  await ref./*plain*/plain();
  await silo.actor<Account>("Account", "a")./*onSiloByName*/deposit(7);
  await using cluster = await connect();
  await cluster.actor(Account, "a")./*onClient*/deposit(8);
  await cluster.actor<Account>("Account", "a")./*onClientByName*/deposit(9);
}
`;

const MARKS = [...SOURCE.matchAll(/\/\*(\w+)\*\/deposit\(\d/g)].map(([, mark]) => mark ?? "");
const DECLARATION = "async deposit(amount: number): Promise<number> {";

describe.each(COMPILERS)("an editor with TypeScript %s", (_version, compiler) => {
  const file = new OpenFile(compiler, SOURCE);

  it("compiles what a user writes, and the declarations of the packages, unskipped", () => {
    expect(file.problems()).toEqual([]);
  }, 120_000);

  it("goes from a call through a reference to the method, and shows its docstring", () => {
    expect(MARKS).toHaveLength(9);
    for (const mark of MARKS) {
      expect(file.definition(mark), mark).toEqual([DECLARATION]);
      expect(file.hover(mark), mark).toContain("deposit");
      expect(file.hover(mark), mark).toContain("Adds to the balance.");
    }
    expect(file.hover("passed")).toContain("deposit(amount: number): Promise<number>");
    expect(file.hover("sent")).toContain("deposit(amount: number): void");
    expect(file.definition("plain")).toEqual(["plain(): number {"]);
  });

  it("finds and renames the calls through references with the method", () => {
    expect(file.references("declared")).toHaveLength(MARKS.length + 1);
    expect(file.references("passed")).toHaveLength(MARKS.length + 1);
    expect(file.renamed("declared")).toBe(MARKS.length + 1);
    expect(file.renamed("sent")).toBe(MARKS.length + 1);
  });
});

describe("the compiler of TypeScript 7", () => {
  it("compiles what a user writes, and the declarations of the packages, unskipped", () => {
    const root = fileURLToPath(new URL("../../../..", import.meta.url));
    const folder = mkdtempSync(`${root}/packages/troupe/.editor-trial-`);
    try {
      writeFileSync(`${folder}/trial.ts`, SOURCE);
      const { stdout, status } = spawnSync(
        process.execPath,
        [
          `${root}/node_modules/typescript/bin/tsc`,
          "--ignoreConfig",
          "--noEmit",
          "--strict",
          "--target",
          "es2022",
          "--lib",
          "es2022,esnext.disposable,esnext.decorators",
          "--types",
          "node",
          "--module",
          "nodenext",
          "--skipLibCheck",
          "false",
          `${folder}/trial.ts`,
        ],
        { encoding: "utf8" },
      );
      expect(stdout).toBe("");
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

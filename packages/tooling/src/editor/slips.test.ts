import typescript56 from "typescript-5.6";
import typescript6 from "typescript-6";
import { describe, expect, it } from "vitest";
import { type Compiler, OpenFile } from "./language-service.ts";

const COMPILERS: readonly (readonly [string, Compiler])[] = [
  ["5.6", typescript56 as unknown as Compiler],
  ["6.0", typescript6 as unknown as Compiler],
];

/** What people write by mistake, and what the compiler has to say to it. */
const SLIPS: readonly (readonly [code: string, says: RegExp])[] = [
  ["class S1 extends Actor { @state() n = 0; }", /write \\?"accessor\\?" before the name/],
  ["class S2 extends Actor { @state accessor n = 0; }", /@state needs parentheses/],
  ["class S3 { @state() accessor n = 0; }", /of a class that extends Actor/],
  ["class S4 extends Actor { @readonly async read() {} }", /write '@readonly\(\)'/],
  ["@actor class S5 extends Actor {}", /@actor needs parentheses: write @actor\(\)/],
  ['@actor("S6", { idleAftr: 5 }) class S6 extends Actor {}', /'idleAftr' does not exist/],
  ["cluster.actor(Account, 5);", /'number' is not assignable to parameter of type 'string'/],
  ['cluster.actor(Account, "x", { timout: "5s" });', /'timout' does not exist in .*'CallOptions'/],
  ['cluster.actor(new Account(), "x");', /is not assignable to parameter of type 'ActorClass</],
  ['cluster.worker(Account, { timout: "5s" });', /'timout' does not exist in .*'CallOptions'/],
  ["self.actor(Account, 5);", /'number' is not assignable to parameter of type 'string'/],
  ["self.send(Account, 5);", /'number' is not assignable to parameter of type 'string'/],
];

const SOURCE = `import { Actor, actor, type Cluster, readonly, state } from "troupe";

@actor("Account")
export class Account extends Actor {
  @state() accessor balance = 0;
  @readonly() async read(): Promise<number> {
    return this.balance;
  }
}
export declare const cluster: Cluster;
export declare const self: Account;
${SLIPS.map(([code]) => code).join("\n")}
`;

/** The line of the file on which the first slip is. */
const FIRST_LINE = SOURCE.split("\n").indexOf(SLIPS[0]?.[0] ?? "") + 1;

describe.each(COMPILERS)("the compiler of TypeScript %s", (_version, compiler) => {
  it("says to the usual slips what to write instead", () => {
    const problems = new OpenFile(compiler, SOURCE).problemsByLine();
    for (const [index, [code, says]] of SLIPS.entries())
      expect((problems.get(FIRST_LINE + index) ?? []).join("\n"), code).toMatch(says);
    expect(problems.size).toBe(SLIPS.length);
  }, 120_000);
});

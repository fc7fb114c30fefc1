import { TroupeError } from "@troupe/core";
import { transformSync } from "esbuild";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";
import { describe, expect, it } from "vitest";
import * as sdk from "@troupe/sdk";
import {
  Actor,
  actor,
  defineActor,
  definitionOf,
  definitionsOf,
  reminder,
  RESERVED_NAMES,
  state,
  type ActorClass,
} from "@troupe/sdk";

type Source = Record<string, ActorClass>;

/**
 * The classes of a module as authors write it: lowered by a real compiler, and free to be wrong in
 * ways that types forbid.
 */
function compile(source: string, experimentalDecorators = false): Source {
  const lowered = transformSync(
    `import * as sdk from "@troupe/sdk"; const { ${Object.keys(sdk).join(", ")} } = sdk;${source}`,
    {
      loader: "ts",
      format: "cjs",
      target: "es2022",
      tsconfigRaw: { compilerOptions: { experimentalDecorators } },
    },
  );
  const run = runInThisContext(`(function (module, require) {${lowered.code}\n})`, {
    filename: "/authors/account.ts",
  }) as (module: { exports: Source }, require: () => unknown) => void;
  const module = { exports: {} };
  run(module, () => sdk);
  return module.exports;
}

/**
 * The problems of the class `Account` in `source`, without their places, which are checked to be
 * there.
 */
function problemsOf(source: string): string[] {
  return linesOf(messageOf(() => definitionOf(classIn(compile(source)))));
}

function linesOf(message: string): string[] {
  return message
    .split("\n")
    .slice(1)
    .map((line) => {
      expect(line).toMatch(/^ {2}\/authors\/account\.ts:\d+:\d+ /);
      return line.replaceAll(/\/authors\/account\.ts:\d+:\d+ ?/g, "").trim();
    });
}

function classIn(source: Source, name = "Account"): ActorClass {
  const actorClass = source[name];
  if (actorClass === undefined) throw new Error(`the source exports no ${name}`);
  return actorClass;
}

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(TroupeError);
    expect(error).toMatchObject({ code: "BAD_DEFINITION" });
    return (error as TroupeError).message;
  }
  throw new Error("nothing was thrown");
}

const ownLines = readFileSync(fileURLToPath(import.meta.url), "utf8").split("\n");

/** `file:line` of the line after the comment `// <mark>` in this file. */
function lineAfter(mark: string): string {
  return `${fileURLToPath(import.meta.url)}:${ownLines.findIndex((line) => line.trim() === `// ${mark}`) + 2}:`;
}

describe("definitionOf", () => {
  it("gives the same definition each time", () => {
    @actor("Same")
    class Same extends Actor {}
    expect(definitionOf(Same)).toBe(definitionOf(Same));
  });

  it("shows all problems of a class at once, each with its place in the source", () => {
    // the class
    @actor("Led/ger", { mailboxMax: 0 })
    class Ledger extends Actor {
      // the slot
      @state({ save: "never" as "turn" }) accessor total = 0;
      // the first handler
      @reminder("daily") print(): void {}
      // the second handler
      @reminder("daily") mail(): void {}
      toJSON(): void {}
    }
    const message = messageOf(() => definitionOf(Ledger));
    const lines = message
      .split("\n")
      .map((line) =>
        line.replaceAll(/:\d+ (?=Ledger)/g, ": ").replaceAll(/(:\d+):\d+ and/g, "$1: and"),
      );
    expect(lines).toEqual([
      "[BAD_DEFINITION] actor classes cannot work, for 5 reasons:",
      `  ${lineAfter("the class")} Ledger: the type name "Led/ger" has a "/" or "$"; leave it out`,
      `  ${lineAfter("the second handler")} Ledger: the reminder "daily" has two methods, print() at ${lineAfter("the first handler")} and mail(); keep one, or rename a reminder`,
      `  ${lineAfter("the class")} Ledger: mailboxMax must be a positive integer, not 0`,
      `  ${lineAfter("the class")} Ledger: toJSON() means something to every object; rename it, or make it @internal()`,
      `  ${lineAfter("the slot")} Ledger: the state slot total: save must be "turn" or "manual", not "never"`,
    ]);
  });

  it("shows the place of defineActor", () => {
    class Ledger extends Actor {}
    // the definition
    defineActor(Ledger, { name: "" });
    expect(messageOf(() => definitionOf(Ledger))).toContain(lineAfter("the definition"));
  });

  it("refuses a class that is not an actor type", () => {
    class Bare extends Actor {}
    expect(messageOf(() => definitionOf(Bare))).toContain(
      "Bare: it has no @actor() or defineActor(); give it one with a name of its own",
    );
    expect(
      problemsOf(
        '@actor("Base") class Base extends Actor {}; export class Account extends Base { @readonly() look() {} }',
      ),
    ).toEqual([
      "Account: it has no @actor() or defineActor(), and does not inherit the @actor() at ; give it one with a name of its own",
    ]);
    expect(problemsOf('export @actor("Account") class Account {}')).toEqual([
      'Account: it does not extend Actor; write "class Account extends Actor"',
    ]);
    for (const nothing of [undefined, null, {}, () => 1, "Account"]) {
      expect(messageOf(() => definitionOf(nothing as ActorClass))).toContain(
        "an actor class was expected, not ",
      );
    }
  });

  it("refuses a class that is defined twice", () => {
    expect(
      problemsOf(
        'export @actor("Account") class Account extends Actor {}; defineActor(Account, { name: "Account" });',
      ),
    ).toEqual(["Account: it is an actor type already by the @actor() at ; remove one"]);
  });

  it.each([
    [
      "@state() balance = 0;",
      '@state() balance is a plain field; write "@state() accessor balance"',
    ],
    [
      "@state() accessor #balance = 0;",
      '@state() is on the private accessor #balance; Troupe cannot reach it, so remove the "#"',
    ],
    [
      "@state() static accessor balance = 0;",
      '@state() is on the static accessor balance; an actor has only what its instances have, so remove "static"',
    ],
    [
      "@state() get balance() { return 0; }",
      "@state() is on the getter balance; it belongs on an accessor",
    ],
    ["@state() balance() {}", "@state() is on the method balance; it belongs on an accessor"],
    ["@state accessor balance = 0;", "@state needs parentheses: write @state(…)"],
    ["@readonly read() {}", "@readonly needs parentheses: write @readonly(…)"],
    ["@reminder daily() {}", "@reminder needs parentheses: write @reminder(…)"],
    [
      "@readonly() #read() {}",
      '@readonly() is on the private method #read; Troupe cannot reach it, so remove the "#"',
    ],
    [
      "@timer('x') static read() {}",
      '@timer() is on the static method read; an actor has only what its instances have, so remove "static"',
    ],
    [
      "@oneWay() [Symbol.iterator]() {}",
      "@oneWay() is on the method Symbol(Symbol.iterator); give it a name that is a string",
    ],
    ["@internal() read = () => 1;", "@internal() is on the field read; it belongs on a method"],
    [
      "@readonly() @interleave() read() {}",
      "read() is both readonly and interleave; interleave allows all that readonly does, so keep one",
    ],
    [
      "@readonly() onActivate() {}",
      "onActivate() is a member of Actor and never called through a reference; remove the readonly",
    ],
    ["@reminder('') daily() {}", "the name of the reminder that daily() handles must not be empty"],
    ["@timer(7) daily() {}", "the name of the timer that daily() handles must be a string, not 7"],
    [
      "@timer('x') one() {} @timer('x') two() {}",
      `the timer "x" has two methods, one() at and two(); keep one, or rename a timer`,
    ],
    ["then() {}", "a method then() would make every reference look like a promise; rename it"],
    [
      "toString() {}",
      "toString() means something to every object; rename it, or make it @internal()",
    ],
    ...[...RESERVED_NAMES]
      .filter((name) => name !== "constructor" && name !== "then")
      .map((name): [string, string] => [
        `["${name}"]() {}`,
        `${name}() means something to every object; rename it, or make it @internal()`,
      ]),
    ["save() {}", "save is a member of Actor; rename it"],
    ["get log() { return 1; }", "log is a member of Actor; rename it"],
    ["send() {}", "send is a member of Actor; rename it"],
    ["@state() accessor context = 1;", "the state slot context hides a member of Actor; rename it"],
    [
      `${"m".repeat(257)}() {}`,
      `the method name "${"m".repeat(60)}…" has 257 bytes; at most 256 are allowed`,
    ],
  ])("refuses the member %s", (member, problem) => {
    const problems = problemsOf(
      `export @actor("Account") class Account extends Actor { ${member} }`,
    );
    expect(problems).toContain(`Account: ${problem}`);
  });

  it("refuses a slot that hides a method of a base class", () => {
    const source =
      "class Base extends Actor { read() {} }; export @actor() class Account extends Base { @state() accessor read = 1; }";
    expect(problemsOf(source)).toEqual([
      "Account: the state slot read has the name of a method; rename one of them",
    ]);
  });

  it("takes internal methods of almost any name", () => {
    const source =
      'export @actor("Account") class Account extends Actor { @internal() toString() { return ""; } other() {} }';
    expect([...definitionOf(classIn(compile(source))).methods.keys()]).toEqual(["other"]);
  });

  it.each([
    ['@actor("A$b")', `the type name "A$b" has a "/" or "$"; leave it out`],
    ['@actor("")', "the type name must not be empty"],
    ["@actor(5)", "the type name must be a string, not 5"],
    [`@actor("${"é".repeat(129)}")`, "the type name has 258 bytes; at most 256 are allowed"],
    ['@actor("A", 5)', "the options must be an object, not 5"],
    [
      '@actor("A", { idleAftr: 5 })',
      `the options have no "idleAftr"; there are idleAfter, reentrancy, mailboxMax, callTimeout, placement, access, statelessWorker, version, migrate; did you mean idleAfter?`,
    ],
    [
      '@actor("A", { idleAfter: "soon" })',
      `idleAfter must be a duration above 0 (milliseconds as a number, or text such as "250ms", "1.5s", "10m", "2h" or "1d"), not "soon"`,
    ],
    ['@actor("A", { mailboxMax: 1.5 })', "mailboxMax must be a positive integer, not 1.5"],
    ['@actor("A", { version: "2" })', `version must be a positive integer, not "2"`],
    ['@actor("A", { reentrancy: true })', 'reentrancy must be "none", "chain" or "full", not true'],
    [
      '@actor("A", { placement: "local" })',
      `placement must be "hash" or an object of options, not "local"`,
    ],
    [
      '@actor("A", { placement: { zone: "a" } })',
      `the options of placement have no "zone"; there are labels, by, separator`,
    ],
    ['@actor("A", { placement: { by: "id/2" } })', 'by must be "id" or "prefix", not "id/2"'],
    [
      '@actor("A", { placement: { separator: ":" } })',
      'separator means something with by: "prefix" only; leave it out',
    ],
    [
      '@actor("A", { placement: { by: "prefix", separator: "" } })',
      'separator must be a text that is not empty, not ""',
    ],
    [
      '@actor("A", { placement: { labels: { gpu: true } } })',
      "labels must be an object of texts, not { gpu: true }",
    ],
    [
      '@actor("A", { statelessWorker: { perSilo: 0 } })',
      "perSilo must be a positive integer, not 0",
    ],
    [
      '@actor("A", { statelessWorker: 5 })',
      "the options of statelessWorker must be an object, not 5",
    ],
    [
      '@actor("A", { statelessWorker: true, placement: { by: "prefix" } })',
      "a stateless worker has no ids that could be placed by their prefix; leave by out",
    ],
    ["@actor", "@actor needs parentheses: write @actor(…)"],
  ])("refuses %s", (decorator, problem) => {
    expect(problemsOf(`export ${decorator} class Account extends Actor {}`)).toContain(
      `Account: ${problem}`,
    );
  });

  it.each([
    ["{ state: 5 }", "state must be an object or an array of names, not 5"],
    [
      "{ state: ['balance', 'total'] }",
      "the state slot total is an accessor; make it a plain field, or put @state() on it",
    ],
    ["{ state: ['read'] }", "the state slot read has the name of a method; rename one of them"],
    [
      "{ state: { balance: { keep: 1 } } }",
      `the state slot balance: the options of a slot have no "keep"; there are save, frozen`,
    ],
    [
      "{ methods: { raed: { readonly: true } } }",
      "there is no method raed; correct the name in readonly",
    ],
    ["{ methods: { read: { readonly: 1 } } }", "readonly of read must be true or false, not 1"],
    [
      "{ methods: { read: { pure: true } } }",
      `the options of the method read have no "pure"; there are readonly, interleave, stream, oneWay, idempotent, internal`,
    ],
    ["{ methods: ['read'] }", "methods must be an object, not [ 'read' ]"],
    [
      "{ reminders: { daily: 'sned' } }",
      `there is no method sned; correct the name in the reminder "daily"`,
    ],
    [
      "{ timers: { poll: 5 } }",
      `the handler of the timer "poll" must be the name of a method, not 5`,
    ],
    [
      "{ nmae: 'x' }",
      `the options have no "nmae"; there are name, state, methods, reminders, timers, idleAfter, reentrancy, mailboxMax, callTimeout, placement, access, statelessWorker, version, migrate; did you mean name?`,
    ],
    ["5", "the options must be an object, not 5"],
  ])("refuses defineActor(Account, %s)", (options, problem) => {
    const source = `export class Account extends Actor { balance = 0; read() {} get total() { return 1; } }; defineActor(Account, ${options});`;
    expect(problemsOf(source)).toContain(`Account: ${problem}`);
  });

  it("says which line of tsconfig.json to change when decorators are compiled in the old way", () => {
    const members = [
      "@state() balance = 0;",
      "@readonly() read() {}",
      "@readonly read() {}",
      "@timer('x') static read() {}",
      "",
    ];
    for (const member of members) {
      const source = compile(
        `@actor("Account") class Account extends Actor { ${member} }; export { Account };`,
        true,
      );
      const message = messageOf(() => definitionOf(classIn(source)));
      expect(linesOf(message)).toHaveLength(1);
      expect(message).toContain(
        'remove the line "experimentalDecorators": true from tsconfig.json',
      );
      expect(message).toContain("call defineActor(Account, { … })");
    }
  });
});

describe("definitionsOf", () => {
  it("gives the definitions by name, and takes a class that is listed twice once", () => {
    const { One, Two } = compile(
      'export @actor("A") class One extends Actor {}; export @actor("B") class Two extends Actor {};',
    );
    const classes = [One, Two, One] as ActorClass[];
    expect([...definitionsOf(classes).keys()]).toEqual(["A", "B"]);
  });

  it("refuses a type name that two classes have, and says where both are", () => {
    // one
    @actor("Twice")
    class One extends Actor {}
    // two
    @actor("Twice")
    class Two extends Actor {}
    const message = messageOf(() => definitionsOf([One, Two]));
    expect(message).toContain(lineAfter("two"));
    expect(message).toContain(
      `Two: the type name "Twice" is also that of One at ${lineAfter("one")}`,
    );
  });

  it("shows the problems of all classes at once", () => {
    const { One, Two } = compile(
      'export @actor("") class One extends Actor {}; export @actor("B/") class Two extends Actor {};',
    );
    const message = messageOf(() => definitionsOf([One, Two] as ActorClass[]));
    expect(linesOf(message)).toEqual([
      "One: the type name must not be empty",
      `Two: the type name "B/" has a "/" or "$"; leave it out`,
    ]);
  });
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type ts from "typescript-5.9";

export type Compiler = typeof ts;

/** Where the user's file of a test would lie: a folder that sees the packages as a user does. */
const FILE = fileURLToPath(new URL("../../../troupe/editor-trial.ts", import.meta.url));

/** What a user's strict project asks of the compiler, declarations of libraries included. */
function userOptions(compiler: Compiler): ts.CompilerOptions {
  return {
    target: compiler.ScriptTarget.ES2022,
    module: compiler.ModuleKind.NodeNext,
    moduleResolution: compiler.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts", "lib.esnext.decorators.d.ts"],
    types: ["node"],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
  };
}

/** One file of a user, open in an editor. */
export class OpenFile {
  readonly #service: ts.LanguageService;
  readonly #text: string;

  constructor(compiler: Compiler, text: string) {
    this.#text = text;
    this.#service = compiler.createLanguageService(hostOf(compiler, text));
  }

  /** What the compiler says against the file and the declarations of packages that it reaches. */
  problems(): string[] {
    const program = this.#service.getProgram();
    if (program === undefined) return ["no program"];
    // The compiler's own library and Node.js's declarations are theirs, and take seconds.
    const files = program
      .getSourceFiles()
      .filter(({ fileName }) => !/\/(typescript-\d[.\d]*|@types)\//.test(fileName));
    const found = [
      ...program.getGlobalDiagnostics(),
      ...files.flatMap((file) => program.getSyntacticDiagnostics(file)),
      ...files.flatMap((file) => program.getSemanticDiagnostics(file)),
    ];
    return found.map(
      (problem) => `${problem.file?.fileName ?? "options"}: ${said(problem.messageText)}`,
    );
  }

  /** What the compiler says against the user's file, by line, from 1 on. */
  problemsByLine(): ReadonlyMap<number, readonly string[]> {
    const byLine = new Map<number, string[]>();
    for (const { start = 0, messageText } of this.#service.getSemanticDiagnostics(FILE)) {
      const line = this.#text.slice(0, start).split("\n").length;
      byLine.set(line, [...(byLine.get(line) ?? []), allSaid(messageText)]);
    }
    return byLine;
  }

  /** What an editor shows when the pointer rests on the word behind a mark. */
  hover(mark: string): string {
    const info = this.#service.getQuickInfoAtPosition(FILE, this.#at(mark));
    return `${textOf(info?.displayParts)}\n${textOf(info?.documentation)}`;
  }

  /** The lines that "go to definition" leads to. */
  definition(mark: string): string[] {
    return (this.#service.getDefinitionAtPosition(FILE, this.#at(mark)) ?? []).map(
      ({ fileName, textSpan }) => lineAt(this.#read(fileName), textSpan.start),
    );
  }

  /** The lines that "find references" lists. */
  references(mark: string): string[] {
    return (this.#service.getReferencesAtPosition(FILE, this.#at(mark)) ?? []).map(
      ({ fileName, textSpan }) => lineAt(this.#read(fileName), textSpan.start),
    );
  }

  /** How many places a rename would change; 0 if the editor refuses it. */
  renamed(mark: string): number {
    return this.#service.findRenameLocations(FILE, this.#at(mark), false, false, {})?.length ?? 0;
  }

  #read(fileName: string): string {
    return fileName === FILE ? this.#text : readFileSync(fileName, "utf8");
  }

  #at(mark: string): number {
    const comment = `/*${mark}*/`;
    const at = this.#text.indexOf(comment);
    if (at < 0) throw new Error(`the text has no mark ${comment}`);
    return at + comment.length;
  }
}

function hostOf(compiler: Compiler, text: string): ts.LanguageServiceHost {
  const options = userOptions(compiler);
  const { sys } = compiler;
  const read = (path: string): string | undefined => (path === FILE ? text : sys.readFile(path));
  return {
    getCompilationSettings: () => options,
    getScriptFileNames: () => [FILE],
    getScriptVersion: () => "1",
    getScriptSnapshot: (path) => {
      const found = read(path);
      return found === undefined ? undefined : compiler.ScriptSnapshot.fromString(found);
    },
    getCurrentDirectory: () => fileURLToPath(new URL("../../../troupe", import.meta.url)),
    getDefaultLibFileName: (settings) => compiler.getDefaultLibFilePath(settings),
    fileExists: (path) => path === FILE || sys.fileExists(path),
    readFile: read,
    directoryExists: (path) => sys.directoryExists(path),
    getDirectories: (path) => sys.getDirectories(path),
    realpath: (path) => sys.realpath?.(path) ?? path,
  };
}

function textOf(parts: readonly ts.SymbolDisplayPart[] | undefined): string {
  return (parts ?? []).map(({ text }) => text).join("");
}

function lineAt(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at) + 1;
  const end = text.indexOf("\n", at);
  return text
    .slice(start, end < 0 ? text.length : end)
    .replaceAll(/\/\*\w+\*\//g, "")
    .trim();
}

/** With everything that the compiler adds to it. */
function allSaid(message: string | ts.DiagnosticMessageChain): string {
  if (typeof message === "string") return message;
  const { messageText, next = [] } = message;
  return [messageText, ...next.map((more) => allSaid(more))].join("\n");
}

function said(message: string | ts.DiagnosticMessageChain): string {
  return typeof message === "string" ? message : message.messageText;
}

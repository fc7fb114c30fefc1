import { posix } from "node:path";
import ts from "typescript-6";
import type { SourceFile } from "./import-rules.ts";

/** A name that a package exports, and where it is declared. */
interface Exported {
  readonly name: string;
  readonly path: string;
  readonly documented: boolean;
}

/**
 * The exports of an `index.ts` without a docstring. `read` gives the sources by path; what comes
 * from another package is that package's to document.
 */
export function undocumentedExports(
  index: SourceFile,
  read: (path: string) => SourceFile,
): string[] {
  return exportsOf(index, read)
    .filter(({ documented }) => !documented)
    .map(({ name, path }) => `${path}: ${name} is exported and has no docstring`);
}

function exportsOf(file: SourceFile, read: (path: string) => SourceFile): Exported[] {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  return source.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement)
      ? reExported(file.path, statement, read)
      : declared(file.path, statement),
  );
}

function reExported(
  from: string,
  statement: ts.ExportDeclaration,
  read: (path: string) => SourceFile,
): Exported[] {
  const specifier = statement.moduleSpecifier;
  if (specifier === undefined || !ts.isStringLiteral(specifier)) return [];
  if (!specifier.text.startsWith(".")) return [];
  const exported = exportsOf(read(posix.join(posix.dirname(from), specifier.text)), read);
  const clause = statement.exportClause;
  if (clause === undefined || !ts.isNamedExports(clause)) return exported;
  const names = new Set(
    clause.elements.map(({ propertyName, name }) => (propertyName ?? name).text),
  );
  return exported.filter(({ name }) => names.has(name));
}

function declared(path: string, statement: ts.Statement): Exported[] {
  if (!ts.canHaveModifiers(statement)) return [];
  const modifiers = ts.getModifiers(statement) ?? [];
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  const documented = ts.getJSDocCommentsAndTags(statement).length > 0;
  return namesOf(statement).map((name) => ({ name, path, documented }));
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  if (
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
  ) {
    // Of a function's overloads the first has the docstring; the implementation is not seen.
    if (ts.isFunctionDeclaration(statement) && hasOverloadBefore(statement)) return [];
    return statement.name === undefined ? [] : [statement.name.text];
  }
  return [];
}

function hasOverloadBefore(statement: ts.FunctionDeclaration): boolean {
  const { statements } = statement.getSourceFile();
  const before = statements[statements.indexOf(statement) - 1];
  return (
    before !== undefined &&
    ts.isFunctionDeclaration(before) &&
    before.name?.text === statement.name?.text
  );
}

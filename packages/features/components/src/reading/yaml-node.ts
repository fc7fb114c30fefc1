import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  Scalar,
} from "yaml";
import type { ComponentProblems } from "./component-problems.ts";
import type { GivenNode, GivenText } from "./given-node.ts";

interface YamlFile {
  readonly path: string;
  readonly lines: LineCounter;
}

/** A value in a YAML file. */
export class YamlNode implements GivenNode {
  readonly place: string;
  readonly #file: YamlFile;
  readonly #document: Document;
  readonly #node: Node | undefined;

  constructor(file: YamlFile, document: Document, node: unknown, above?: string) {
    const written = isNode(node) ? node : undefined;
    this.#file = file;
    this.#document = document;
    this.#node = isAlias(written) ? written.resolve(document) : written;
    const offset = written?.range?.[0];
    this.place =
      offset === undefined
        ? (above ?? file.path)
        : `${file.path}:${file.lines.linePos(offset).line}`;
  }

  fields(): ReadonlyMap<string, GivenNode> | undefined {
    if (!isMap(this.#node)) return undefined;
    return new Map(
      this.#node.items.map(({ key, value }) => [textOf(key).text, this.#below(value, key)]),
    );
  }

  items(): readonly GivenNode[] | undefined {
    return isSeq(this.#node) ? this.#node.items.map((item) => this.#below(item)) : undefined;
  }

  text(): GivenText | undefined {
    if (this.#node === undefined) return { text: "", isPlain: false };
    return isScalar(this.#node) ? textOf(this.#node) : undefined;
  }

  json(): string {
    return JSON.stringify(this.#node?.toJS(this.#document));
  }

  /** What has no place of its own is where its key is. */
  #below(node: unknown, key?: unknown): YamlNode {
    const above = new YamlNode(this.#file, this.#document, key, this.place).place;
    return new YamlNode(this.#file, this.#document, node, above);
  }
}

/**
 * A scalar as it is written, because the versions of YAML disagree on what `yes` and `010` are, and
 * metadata is read by its own rules.
 */
function textOf(node: unknown): GivenText {
  if (!isScalar(node)) return { text: JSON.stringify(node) ?? "", isPlain: false };
  const { value, source } = node;
  if (value === null) return { text: "", isPlain: false };
  const isPlain = node.type === Scalar.PLAIN;
  if (typeof value === "string") return { text: isPlain ? (source ?? value) : value, isPlain };
  return { text: source ?? JSON.stringify(value), isPlain };
}

/** The documents of a YAML text that have anything in them. What cannot be read is a problem. */
export function readYaml(path: string, text: string, problems: ComponentProblems): YamlNode[] {
  const lines = new LineCounter();
  const file: YamlFile = { path, lines };
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    for (const { message, pos } of document.errors)
      problems.add(`${path}:${lines.linePos(pos[0]).line}`, message);
    const isEmpty = document.contents === null || isEmptyScalar(document.contents);
    if (document.errors.length > 0 || isEmpty) return [];
    return [new YamlNode(file, document, document.contents)];
  });
}

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

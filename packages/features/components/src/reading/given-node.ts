/** A text, and whether YAML had it without quotes. */
export interface GivenText {
  readonly text: string;
  readonly isPlain: boolean;
}

/** A value that a user gave, in a file or in code, and where it stands. */
export interface GivenNode {
  /** For messages: `components/orders.yaml:7`, or `components[0].metadata.host`. */
  readonly place: string;
  /** By name; undefined if it is not a mapping. */
  fields(): ReadonlyMap<string, GivenNode> | undefined;
  /** Undefined if it is not a list. */
  items(): readonly GivenNode[] | undefined;
  /** Undefined if it is a mapping or a list. Nothing at all is an empty text. */
  text(): GivenText | undefined;
  /** Its JSON text, for a mapping or a list. */
  json(): string;
}

/** What a piece of metadata is, as its text is read. */
export type MetadataKind =
  | "text"
  /** `true`, `yes`, `y`, `on`, `t` and `1`; `false`, `no`, `n`, `off`, `f` and `0`. */
  | "boolean"
  | "integer"
  | "number"
  /** As Go writes one, with its unit: `5s`, `1m30s`, `250ms`. Its value is in milliseconds. */
  | "duration"
  /** A number of bytes, with a unit or without one: `1024`, `64k`, `64Ki`, `100Mi`, `1G`. */
  | "bytes"
  /** Texts with commas in between. Spaces around them do not count. */
  | "list";

/** One piece of metadata that a type of component takes. */
export interface MetadataField {
  readonly kind: MetadataKind;
  /** What it means, in a sentence. */
  readonly doc: string;
  /** As it would be written. Undefined: there is none. */
  readonly default?: string;
  readonly required?: true;
  /** It is never shown, and belongs into a secret store. */
  readonly secret?: true;
  /** The only values that there are, for a text. */
  readonly choices?: readonly string[];
}

/** The metadata of a type of component, by name. Names differ by more than the case. */
export type MetadataFields = Readonly<Record<string, MetadataField>>;

/** The value of a kind. A duration is in milliseconds. */
export interface MetadataValues {
  readonly text: string;
  readonly boolean: boolean;
  readonly integer: number;
  readonly number: number;
  readonly duration: number;
  readonly bytes: number;
  readonly list: readonly string[];
}

/** A value of some kind. */
export type MetadataValue = MetadataValues[MetadataKind];

/** What a component is opened with: a value for each field that was given or has a default. */
export type SettingsOf<Fields extends MetadataFields> = {
  readonly [Name in keyof Fields]: Fields[Name] extends
    | { readonly required: true }
    | { readonly default: string }
    ? MetadataValues[Fields[Name]["kind"]]
    : MetadataValues[Fields[Name]["kind"]] | undefined;
};

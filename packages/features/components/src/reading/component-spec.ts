/** One component, as it was declared in a file or in code. Nothing of it has been resolved. */
export interface ComponentSpec {
  readonly name: string;
  readonly type: string;
  /** Undefined: the first version of the type. */
  readonly version: string | undefined;
  readonly metadata: readonly GivenMetadata[];
  /** The component that has the secrets which the metadata refers to. */
  readonly secretStore: string | undefined;
  /** The applications that have the component. None: all. */
  readonly scopes: readonly string[];
  /** The application starts also if the component cannot be opened. */
  readonly ignoreErrors: boolean;
  readonly initTimeoutMs: number;
  /** Where it was declared, for messages: `components/orders.yaml:3`. */
  readonly place: string;
  /** The folder that relative paths in the metadata start from. */
  readonly folder: string;
}

/** One piece of metadata, as it was given. */
export interface GivenMetadata {
  readonly name: string;
  readonly place: string;
  readonly given: GivenValue;
}

/** A text, or where the text is. */
export type GivenValue =
  | {
      readonly kind: "text";
      readonly text: string;
      /** Written in YAML without quotes, so that it may mean something else to another reader. */
      readonly isPlain: boolean;
    }
  | { readonly kind: "secret"; readonly secret: string; readonly key: string }
  | { readonly kind: "environment"; readonly variable: string };

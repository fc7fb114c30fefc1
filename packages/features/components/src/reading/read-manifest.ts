import { type ComponentProblems, nameHint } from "./component-problems.ts";
import type { ComponentSpec } from "./component-spec.ts";
import type { GivenNode } from "./given-node.ts";
import { knownFields, textField } from "./known-fields.ts";
import { readComponent } from "./read-component.ts";

/** What else lies in Dapr's folders. Other parts read it, or nobody does. */
const OTHER_KINDS: readonly string[] = [
  "Configuration",
  "HTTPEndpoint",
  "Resiliency",
  "Subscription",
];

const API_VERSION = "dapr.io/v1alpha1";

const TOP_FIELDS = ["apiVersion", "kind", "metadata", "spec", "auth", "scopes", "status"];
const SPEC_FIELDS = ["type", "version", "metadata", "ignoreErrors", "initTimeout"];

/** The component of a document in Dapr's form; undefined for another kind, and after a problem. */
export function readManifest(
  document: GivenNode,
  folder: string,
  problems: ComponentProblems,
): ComponentSpec | undefined {
  const given = document.fields();
  const kind = textField(given?.get("kind"), "kind", problems);
  if (kind !== undefined && OTHER_KINDS.includes(kind)) return undefined;
  if (kind !== "Component") {
    problems.add(
      document.place,
      kind === undefined
        ? "the document has no kind; a component has kind: Component"
        : `nothing is known of the kind ${kind}; ${nameHint(kind, ["Component", ...OTHER_KINDS])}`,
    );
    return undefined;
  }
  const top = knownFields(document, "a component", TOP_FIELDS, problems);
  const version = textField(top.get("apiVersion"), "apiVersion", problems);
  if (version !== API_VERSION)
    problems.add(top.get("apiVersion")?.place ?? document.place, `apiVersion is ${API_VERSION}`);
  const spec = top.get("spec");
  if (spec === undefined) problems.add(document.place, "the component has no spec");
  const fields = spec && knownFields(spec, "the spec", SPEC_FIELDS, problems);
  const auth = top.get("auth");
  const authFields = auth && knownFields(auth, "auth", ["secretStore"], problems);
  return readComponent(
    {
      whole: document,
      name: top.get("metadata")?.fields()?.get("name"),
      type: fields?.get("type"),
      version: fields?.get("version"),
      metadata: fields?.get("metadata"),
      secretStore: authFields?.get("secretStore"),
      scopes: top.get("scopes"),
      ignoreErrors: fields?.get("ignoreErrors"),
      initTimeout: fields?.get("initTimeout"),
    },
    folder,
    problems,
  );
}

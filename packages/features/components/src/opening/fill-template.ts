import { randomUUID } from "node:crypto";

/** What the tags in metadata stand for. */
export interface TemplateValues {
  readonly appId: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** A text whose tags are filled, or the variable that it needs and that is not set. */
export type FilledTemplate =
  | { readonly kind: "filled"; readonly text: string }
  | { readonly kind: "missing"; readonly variable: string };

const TAG = /\{(uuid|podName|namespace|appID)\}/g;

/**
 * Fills Dapr's tags in a text of metadata: `{uuid}` (another one each time), `{podName}`,
 * `{namespace}` (with the application behind it) and `{appID}`.
 */
export function fillTemplate(text: string, { appId, variables }: TemplateValues): FilledTemplate {
  const { POD_NAME: podName, NAMESPACE: namespace } = variables;
  if (text.includes("{podName}") && podName === undefined)
    return { kind: "missing", variable: "POD_NAME" };
  if (text.includes("{namespace}") && namespace === undefined)
    return { kind: "missing", variable: "NAMESPACE" };
  const filled = text.replaceAll(TAG, (_, tag: string) => {
    switch (tag) {
      case "uuid":
        return randomUUID();
      case "podName":
        return podName ?? "";
      case "namespace":
        return `${namespace ?? ""}.${appId}`;
      default:
        return appId;
    }
  });
  return { kind: "filled", text: filled };
}

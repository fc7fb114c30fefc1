import { componentType, type Secret, type SecretStore } from "@troupe/core";

/** Secrets of the platform itself, which no application gets. */
const OWN_VARIABLES = /^(?:APP_API_TOKEN$|DAPR_|TROUPE_)/i;

/** Environment variables as secrets. */
export class EnvironmentSecrets implements SecretStore {
  readonly capabilities = { bulk: true };
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #prefix: string;

  constructor(variables: Readonly<Record<string, string | undefined>>, prefix: string) {
    this.#variables = variables;
    this.#prefix = prefix;
  }

  async get(name: string): Promise<Secret | undefined> {
    const variable = this.#prefix + name;
    const isThere = Object.hasOwn(this.#variables, variable) && !OWN_VARIABLES.test(variable);
    const value = isThere ? this.#variables[variable] : undefined;
    return value === undefined ? undefined : { values: { [name]: value } };
  }

  async getAll(): Promise<ReadonlyMap<string, Secret>> {
    const names = Object.keys(this.#variables)
      .filter((variable) => variable.startsWith(this.#prefix))
      .map((variable) => variable.slice(this.#prefix.length));
    const found = await Promise.all(
      names.map(async (name) => [name, await this.get(name)] as const),
    );
    return new Map(
      found.flatMap(([name, secret]) => (secret === undefined ? [] : [[name, secret]])),
    );
  }

  async close(): Promise<void> {
    // There is nothing to close.
  }
}

/** `secretstores.local.env`. */
export const environmentSecretsType = componentType({
  type: "secretstores.local.env",
  block: "secretstores",
  summary: "Environment variables of the process as secrets.",
  notes:
    "Each secret has one value, under its own name. Variables that begin with `TROUPE_` or `DAPR_`, and `APP_API_TOKEN`, are never given.",
  metadata: {
    prefix: {
      kind: "text",
      default: "",
      doc: "What the names of the variables begin with. Secrets are named without it.",
    },
  },
  open: async ({ prefix }) => new EnvironmentSecrets(process.env, prefix),
});

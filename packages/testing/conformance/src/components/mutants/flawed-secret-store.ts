import type { Secret, SecretStore } from "@troupe/core";
import type { SecretTrial } from "../secret-store-suite.ts";

/** What a secret store can do wrong. */
export const SECRET_FLAWS = [
  "gives an empty secret for one that it does not have",
  "fails for one that it does not have",
  "finds what every object has",
  "does not look at the case of names",
  "finds a secret by the beginning of its name",
  "remembers what it gave",
  "remembers what was removed",
  "trims values",
  "takes an empty value for none",
  "gives the value under another name",
  "gives one of several values",
  "leaves one out of all",
  "gives all without their keys",
  "follows a path",
] as const;

export type SecretFlaw = (typeof SECRET_FLAWS)[number];

/** A secret store in memory with one flaw, or with none. */
export class FlawedSecretStore implements SecretStore, SecretTrial {
  readonly component = this;
  readonly hasKeys = true;
  readonly capabilities = { bulk: true };
  readonly #secrets: Record<string, Secret["values"]> = {};
  readonly #given = new Map<string, Secret>();
  readonly #flaw: SecretFlaw | undefined;

  constructor(flaw: SecretFlaw | undefined) {
    this.#flaw = flaw;
  }

  async put(name: string, values: Secret["values"] | undefined): Promise<void> {
    if (values !== undefined) this.#secrets[name] = values;
    else if (!this.#has("remembers what was removed")) delete this.#secrets[name];
  }

  async get(name: string): Promise<Secret | undefined> {
    const given = this.#given.get(name);
    if (given !== undefined && this.#has("remembers what it gave")) return given;
    const secret = this.#read(name);
    if (secret !== undefined) this.#given.set(name, secret);
    return secret;
  }

  async getAll(): Promise<ReadonlyMap<string, Secret>> {
    const names = Object.keys(this.#secrets);
    const shown = this.#has("leaves one out of all") ? names.slice(1) : names;
    const all = new Map<string, Secret>();
    for (const name of shown) {
      const secret = this.#read(name);
      if (secret === undefined) continue;
      const [first = ""] = Object.values(secret.values);
      all.set(
        name,
        this.#has("gives all without their keys") ? { values: { [name]: first } } : secret,
      );
    }
    return all;
  }

  async close(): Promise<void> {
    this.#given.clear();
  }

  #has(flaw: SecretFlaw): boolean {
    return this.#flaw === flaw;
  }

  #read(name: string): Secret | undefined {
    const values = this.#find(name);
    if (values === undefined) {
      if (this.#has("gives an empty secret for one that it does not have")) return { values: {} };
      if (this.#has("fails for one that it does not have")) throw new Error(`no ${name}`);
      if (this.#has("follows a path") && name.includes("/")) return { values: { [name]: "root" } };
      return undefined;
    }
    const entries = Object.entries(values).map(([key, text]) => [
      this.#has("gives the value under another name") ? "value" : key,
      this.#has("trims values") ? text.trim() : text,
    ]);
    if (this.#has("takes an empty value for none") && entries.some(([, text]) => text === ""))
      return undefined;
    const isCut = this.#has("gives one of several values");
    return {
      values: Object.fromEntries(isCut ? entries.slice(0, 1) : entries) as Secret["values"],
    };
  }

  #find(name: string): Secret["values"] | undefined {
    if (this.#has("finds what every object has")) return this.#secrets[name];
    const names = Object.keys(this.#secrets);
    const found = names.find((known) => {
      if (this.#has("does not look at the case of names"))
        return known.toLowerCase() === name.toLowerCase();
      return this.#has("finds a secret by the beginning of its name")
        ? known.startsWith(name)
        : known === name;
    });
    return found === undefined ? undefined : this.#secrets[found];
  }
}

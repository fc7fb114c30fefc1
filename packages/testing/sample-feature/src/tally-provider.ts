import type { Provider, ProviderStores } from "@troupe/core";

/** A provider of stores under a scheme of its own. `open` opens the stores of a name. */
export function tallyProvider(open: (name: string) => ProviderStores): Provider<string> {
  return {
    name: "Tally",
    schemes: ["tally"],
    example: "tally://shelf",
    reach: "process",
    parse: (url) => {
      const name = /^tally:\/\/([a-z]+)$/.exec(url)?.[1];
      return name === undefined
        ? { kind: "wrong", right: "give a name of small letters, as in tally://shelf" }
        : { kind: "location", location: name };
    },
    openStores: async (name) => open(name),
  };
}

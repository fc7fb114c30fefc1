import { silentLogger } from "@troupe/core";
import type { PartHost } from "@troupe/sdk";

const ADDRESS = { type: "Desk", id: "one" };

function unused(): never {
  throw new Error("the test gives the part nothing of that");
}

/**
 * The host of a part that is tested without an activation: what a test does not give is not there.
 */
export function looseHost(given: Partial<PartHost> & Pick<PartHost, "clock">): PartHost {
  let tags = 0;
  return {
    isDirty: false,
    address: ADDRESS,
    get definition() {
      return unused();
    },
    log: silentLogger,
    makeReference: (address) => address,
    isDisposed: false,
    part: unused,
    nextTag: () => `1.${++tags}`,
    invoke: unused,
    runTurn: unused,
    perform: unused,
    afterStored: (done) => done(undefined),
    forget() {},
    busy: unused,
    destroy: unused,
    send: unused,
    ...given,
  };
}

import { CLOCK_FAULTS } from "./clock-faults.ts";
import type { Fault } from "./fault.ts";
import { NETWORK_FAULTS } from "./network-faults.ts";
import { PROCESS_FAULTS } from "./process-faults.ts";
import { SERVER_FAULTS } from "./server-faults.ts";

/** Every fault that there is, in the order of the table. */
export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...NETWORK_FAULTS,
  ...SERVER_FAULTS,
  ...CLOCK_FAULTS,
];

export function faultNamed(name: string): Fault {
  const fault = FAULTS.find((known) => known.name === name);
  if (fault === undefined)
    throw new Error(
      `there is no fault "${name}"; there are ${FAULTS.map((known) => known.name).join("; ")}`,
    );
  return fault;
}

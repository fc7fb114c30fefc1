import { type AdminMethod, message, text, whole } from "@troupe/sdk";
import type { CallName } from "../activation/call-wait.ts";
import type { WaitReport } from "../activation/deadlock-detector.ts";

/**
 * Silos ask each other what a call waits for, to find circles of actors that wait for each other.
 */
export const WAIT_OF = "waitOf";

const CALL_NAME = message("CallName", { type: text, id: text, peerId: text, callId: whole });

/** Answers what a call waits for that this silo has; undefined if it does not have it. */
export function waitAdminMethod(
  waitOf: (call: CallName) => WaitReport | undefined,
): AdminMethod<CallName, WaitReport | undefined> {
  return {
    name: WAIT_OF,
    role: "silo",
    parse: (request) => CALL_NAME.read(request, WAIT_OF),
    answer: (call) => waitOf(call),
  };
}

export { nodeVersionProblem } from "./node-version.ts";
export * from "./actor-address.ts";
export * from "./authentication.ts";
export * from "./background-work.ts";
export * from "./clock.ts";
export * from "./closest-name.ts";
export * from "./components/index.ts";
export * from "./condition.ts";
export * from "./delivery.ts";
export * from "./duration.ts";
export * from "./envelope.ts";
export {
  type ErrorClass,
  registerErrorClass,
  registeredErrorClass,
  registeredNameOf,
} from "./error-classes.ts";
export * from "./errors.ts";
export * from "./from-portable.ts";
export * from "./in-force.ts";
export { INSPECT } from "./inspect-form.ts";
export * from "./limits.ts";
export * from "./logger.ts";
export * from "./member.ts";
export * from "./membership-provider.ts";
export * from "./metrics.ts";
export { isErrorValue, messageOf, stackOf } from "./message-of.ts";
export * from "./portable-value.ts";
export * from "./principal.ts";
export * from "./provider.ts";
export * from "./random.ts";
export * from "./record-log.ts";
export * from "./record-table.ts";
export * from "./reminder-store.ts";
export { isOwnPortable } from "./scalar-bytes.ts";
export * from "./shown-value.ts";
export * from "./state-store.ts";
export * from "./stored-member.ts";
export * from "./system-clock.ts";
export * from "./to-portable.ts";
export * from "./transport.ts";
export * from "./type-advert.ts";
export * from "./value-packer.ts";

export type { WaitingBytes } from "./activation/call-budget.ts";
export type { LeasePolicy } from "./membership/lease-guard.ts";
export type { AccessRule } from "./routing/access-rules.ts";
export { accessRulesProblem } from "./routing/access-rules-problem.ts";
export type { SwitchAt } from "./ownership/deployment-rules.ts";
export * from "./inspect/silo-snapshot.ts";
export * from "./silo/silo-options.ts";
export * from "./silo/silo.ts";

import { type ComponentProblems, nameHint } from "../reading/component-problems.ts";
import type { ComponentPlan } from "./component-plan.ts";

/**
 * The components in an order in which each comes after the secret store that it needs. A store that
 * is not there, that is none, or that needs itself, is a problem.
 */
export function openingOrder(
  plans: readonly ComponentPlan[],
  problems: ComponentProblems,
): readonly ComponentPlan[] {
  const byName = new Map(plans.map((plan) => [plan.spec.name, plan]));
  const ordered = new Set<ComponentPlan>();
  const visit = (plan: ComponentPlan, path: readonly ComponentPlan[]): void => {
    if (ordered.has(plan)) return;
    const start = path.indexOf(plan);
    if (start >= 0) {
      const cycle = [...path.slice(start), plan].map(({ spec }) => spec.name).join(" needs ");
      problems.add(plan.spec.place, `the secret stores need each other: ${cycle}`);
      return;
    }
    const store = storeOf(plan, byName, problems);
    if (store !== undefined) visit(store, [...path, plan]);
    ordered.add(plan);
  };
  for (const plan of plans) visit(plan, []);
  return [...ordered];
}

function storeOf(
  { spec, metadata }: ComponentPlan,
  byName: ReadonlyMap<string, ComponentPlan>,
  problems: ComponentProblems,
): ComponentPlan | undefined {
  const isNeeded = metadata.some(({ given }) => given.kind === "secret");
  if (spec.secretStore === undefined || !isNeeded) return undefined;
  const store = byName.get(spec.secretStore);
  if (store?.type.block === "secretstores") return store;
  const stores = [...byName.values()].filter(({ type }) => type.block === "secretstores");
  const hint = nameHint(
    spec.secretStore,
    stores.map(({ spec: { name } }) => name),
  );
  problems.add(spec.place, `${spec.name}: ${spec.secretStore} is no secret store; ${hint}`);
  return undefined;
}

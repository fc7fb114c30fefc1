import {
  type BlockName,
  type Clock,
  type ComponentPorts,
  type Logger,
  TroupeError,
  withTimeout,
} from "@troupe/core";
import type { ComponentPlan } from "./component-plan.ts";
import type { ResolvedSettings } from "./resolve-settings.ts";
import type { SecretTexts } from "./secret-texts.ts";

/** A component that is there, or why it is not. */
export interface OpenedComponent {
  readonly plan: ComponentPlan;
  readonly settings: ResolvedSettings;
  readonly secrets: SecretTexts;
  readonly outcome:
    | { readonly kind: "open"; readonly port: ComponentPorts[BlockName] }
    | { readonly kind: "failed"; readonly error: TroupeError };
}

/** What every component is opened with. */
export interface OpeningContext {
  readonly appId: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Async, so that a type that throws at once fails as one that rejects. */
async function open(
  { spec, type }: ComponentPlan,
  settings: ResolvedSettings,
  { appId, clock, logger }: OpeningContext,
): Promise<ComponentPorts[BlockName]> {
  return await type.open(settings, {
    name: spec.name,
    appId,
    clock,
    logger: logger.child({ component: spec.name }),
    folder: spec.folder,
  });
}

/** Opens a component within its `initTimeout`. What fails is an outcome. */
export async function openComponent(
  plan: ComponentPlan,
  settings: ResolvedSettings,
  secrets: SecretTexts,
  context: OpeningContext,
): Promise<OpenedComponent> {
  const { spec } = plan;
  const opening = open(plan, settings, context);
  try {
    const port = await withTimeout<ComponentPorts[BlockName]>(
      context.clock,
      spec.initTimeoutMs,
      opening,
      () => {
        // What opens after all has no owner any more.
        opening.then((late) => late.close()).catch(() => undefined);
        throw new Error(`it did not open within ${spec.initTimeoutMs} ms (initTimeout)`);
      },
    );
    return { plan, settings, secrets, outcome: { kind: "open", port } };
  } catch (error) {
    return {
      plan,
      settings,
      secrets,
      outcome: { kind: "failed", error: failure(plan, error, secrets) },
    };
  }
}

function failure({ spec, type }: ComponentPlan, error: unknown, secrets: SecretTexts): TroupeError {
  const cause = secrets.clean(error);
  const code = error instanceof TroupeError ? error.code : "COMPONENT_UNAVAILABLE";
  const why =
    cause instanceof TroupeError ? cause.detail : cause instanceof Error ? cause.message : "";
  return new TroupeError(
    code,
    `${spec.place}: ${spec.name} (${type.type}) could not be opened: ${why}`,
    { cause, ran: "no" },
  );
}

import {
  type Clock,
  type ComponentType,
  type Duration,
  DURATION_FORMS,
  type Logger,
  parseDuration,
  type Random,
  type SecretStore,
  shownValue,
  silentLogger,
  systemClock,
  systemRandom,
  TroupeError,
} from "@troupe/core";
import type { SecretScope } from "../blocks/secrets-block.ts";
import { Components } from "../components.ts";
import type { ActorCaller } from "../kinds/actor-locks.ts";
import { builtInTypes } from "../kinds/built-in-types.ts";
import { ComponentProblems } from "../reading/component-problems.ts";
import type { ComponentSpec } from "../reading/component-spec.ts";
import { type ComponentDeclaration, readDeclarations } from "../reading/read-declarations.ts";
import { readFolder } from "../reading/read-folder.ts";
import { type ComponentPlan, planComponent } from "./component-plan.ts";
import { closeInReverse } from "./close-in-reverse.ts";
import { openComponent, type OpenedComponent, type OpeningContext } from "./open-component.ts";
import { openingOrder } from "./opening-order.ts";
import { type ResolvedSettings, resolveSettings } from "./resolve-settings.ts";
import { SecretTexts } from "./secret-texts.ts";
import { loadTypes } from "./type-packages.ts";
import { TypeRegistry } from "./type-registry.ts";

/** What components there are, and for whom they are opened. */
export interface OpenComponentsOptions {
  /** A folder or a file with components in Dapr's form, or a list of declarations. */
  readonly components: string | readonly ComponentDeclaration[];
  /** The application. Components whose `scopes` leave it out are not opened. */
  readonly appId: string;
  /** Types besides those that come with Troupe. One of the same name takes its place. */
  readonly types?: readonly ComponentType[];
  /** A silo, or what `connect` gives, for types that work with actors. */
  readonly actors?: ActorCaller;
  /** Which secrets the application may read, by the names of secret stores. Default: all. */
  readonly secretScopes?: Readonly<Record<string, SecretScope>>;
  /** How long a call of a component may take. Default: "10s". */
  readonly callTimeout?: Duration;
  /** What `envRef` looks into. Default: the process's environment. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
}

const CALL_TIMEOUT = "10s";

/**
 * Opens the components of an application.
 *
 * Throws `BAD_CONFIG` with everything that is wrong with the declarations, before it opens anything
 * but secret stores; and the error of a component that cannot be opened, unless that says
 * `ignoreErrors`. Then nothing is left open.
 *
 * @example
 * ```ts
 * await using components = await openComponents({ components: "./components", appId: "shop" });
 * await components.state<Order>("orders").set("17", { total: 5 });
 * ```
 */
export async function openComponents(options: OpenComponentsOptions): Promise<Components> {
  const { clock = systemClock, logger = silentLogger, random = systemRandom } = options;
  const callTimeoutMs = parseDuration(options.callTimeout ?? CALL_TIMEOUT);
  const problems = new ComponentProblems();
  if (callTimeoutMs === undefined)
    problems.add("callTimeout", `${shownValue(options.callTimeout)}: give ${DURATION_FORMS}`);
  const specs = readAll(options, problems);
  const plans = planAll(specs, await registryFor(specs, options), problems);
  problems.throwAny();
  logIgnored(plans, logger);
  const opening = new Opening(options, { appId: options.appId, clock, logger });
  try {
    await opening.run(plans);
    return new Components(opening.opened, {
      appId: options.appId,
      namespace: (options.variables ?? process.env)["NAMESPACE"],
      clock,
      logger,
      random,
      callTimeoutMs: callTimeoutMs ?? 0,
      secretScopes: options.secretScopes ?? {},
    });
  } catch (error) {
    await closeInReverse(opening.opened).catch(() => undefined);
    throw error;
  }
}

/** The components of the application, as they were declared. */
function readAll(
  { components, appId }: OpenComponentsOptions,
  problems: ComponentProblems,
): readonly ComponentSpec[] {
  const specs =
    typeof components === "string"
      ? readFolder(components, problems)
      : readDeclarations(components, problems);
  const ours = specs.filter(({ scopes }) => scopes.length === 0 || scopes.includes(appId));
  reportTwice(ours, problems);
  return ours;
}

async function registryFor(
  specs: readonly ComponentSpec[],
  { actors, types = [] }: OpenComponentsOptions,
): Promise<TypeRegistry> {
  const known = [...builtInTypes(actors), ...types];
  const declared = specs.map(({ type }) => type);
  return new TypeRegistry([...known, ...(await loadTypes(declared, new TypeRegistry(known)))]);
}

function planAll(
  specs: readonly ComponentSpec[],
  registry: TypeRegistry,
  problems: ComponentProblems,
): readonly ComponentPlan[] {
  const plans = specs.flatMap((spec) => planComponent(spec, registry, problems) ?? []);
  return openingOrder(plans, problems);
}

function logIgnored(plans: readonly ComponentPlan[], logger: Logger): void {
  for (const { spec, ignored } of plans)
    for (const [name, reason] of Object.entries(ignored))
      logger.warn(
        { event: "metadata_ignored", component: spec.name, metadata: name, reason },
        "metadata has no effect here",
      );
}

function reportTwice(specs: readonly ComponentSpec[], problems: ComponentProblems): void {
  const first = new Map<string, ComponentSpec>();
  for (const spec of specs) {
    const before = first.get(spec.name);
    if (before === undefined) first.set(spec.name, spec);
    else problems.add(spec.place, `${spec.name} is declared in ${before.place} already`);
  }
}

function isStore({ type }: ComponentPlan): boolean {
  return type.block === "secretstores";
}

/** One run of opening: secret stores one after the other, then all others at once. */
class Opening {
  readonly #options: OpenComponentsOptions;
  readonly #context: OpeningContext;
  /** In the order of opening. */
  readonly opened: OpenedComponent[] = [];

  constructor(options: OpenComponentsOptions, context: OpeningContext) {
    this.#options = options;
    this.#context = context;
  }

  async run(plans: readonly ComponentPlan[]): Promise<void> {
    for (const plan of plans.filter(isStore)) {
      // oxlint-disable-next-line no-await-in-loop -- a store may need the one before it.
      await this.#openAll([plan]);
    }
    await this.#openAll(plans.filter((plan) => !isStore(plan)));
  }

  /** Resolves the settings of all of them, and only then opens any. */
  async #openAll(plans: readonly ComponentPlan[]): Promise<void> {
    const problems = new ComponentProblems();
    const ready = await Promise.all(
      plans.map(async (plan) => {
        const secrets = new SecretTexts();
        const settings = await this.#settings(plan, secrets, problems);
        return { plan, secrets, settings };
      }),
    );
    problems.throwAny();
    const opened = await Promise.all(
      ready.map(({ plan, secrets, settings }) =>
        openComponent(plan, settings, secrets, this.#context),
      ),
    );
    this.opened.push(...opened);
    throwFailures(opened, this.#context.logger);
  }

  #settings(
    plan: ComponentPlan,
    secrets: SecretTexts,
    problems: ComponentProblems,
  ): Promise<ResolvedSettings> {
    const { variables = process.env } = this.#options;
    const store = this.opened.find(({ plan: { spec } }) => spec.name === plan.spec.secretStore);
    // What opens in the block `secretstores` is a secret store.
    const secretStore =
      store?.outcome.kind === "open" ? (store.outcome.port as SecretStore) : undefined;
    const { appId } = this.#context;
    return resolveSettings(plan, { appId, secretStore, variables, secrets }, problems);
  }
}

function throwFailures(opened: readonly OpenedComponent[], logger: Logger): void {
  const failed = opened.flatMap(({ plan, outcome }) =>
    outcome.kind === "failed" ? [{ plan, error: outcome.error }] : [],
  );
  for (const { plan, error } of failed)
    if (plan.spec.ignoreErrors)
      logger.warn(
        { event: "component_missing", component: plan.spec.name, reason: error.message },
        "a component could not be opened, and its users get errors",
      );
  const [first, ...others] = failed.filter(({ plan }) => !plan.spec.ignoreErrors);
  if (first === undefined) return;
  if (others.length === 0) throw first.error;
  const lines = [first, ...others].map(({ error }) => `\n  ${error.detail}`).join("");
  throw new TroupeError(
    first.error.code,
    `${others.length + 1} components could not be opened:${lines}`,
    { cause: first.error, ran: "no" },
  );
}

import { formatAddress, TroupeError } from "@troupe/core";
import type { IdsPage, IdsRequest, SiloHost } from "@troupe/sdk";
import { activationPage, type ListedActivation } from "./activation-page.ts";
import { pageSizeOf } from "./page-size.ts";

/** What ids are looked for in. */
export interface IdSources {
  readonly stateStore: SiloHost["stateStore"];
  readonly activations: () => Iterable<ListedActivation>;
}

/** A page of the ids of one type. */
export function idsPageOf(sources: IdSources, request: IdsRequest): Promise<IdsPage> | IdsPage {
  if (request.type === "") throw new TroupeError("BAD_CONFIG", "type is empty; name an actor type");
  return request.active ? activeIds(sources, request) : storedIds(sources, request);
}

/** In order, so that the pages of several silos can be merged; the cursor is the last id. */
function activeIds(
  { activations }: IdSources,
  { type, prefix, pageSize, cursor }: IdsRequest,
): IdsPage {
  const active = activations();
  const wanted = function* (): Iterable<ListedActivation> {
    for (const activation of active) {
      if (activation.state !== "closing" && activation.address.id.startsWith(prefix))
        yield activation;
    }
  };
  const after = cursor === "" ? "" : formatAddress({ type, id: cursor });
  const page = activationPage(wanted(), { type, pageSize, cursor: after });
  const ids = page.activations.map(({ id }) => id);
  return { ids, next: page.next === "" ? "" : (ids.at(-1) ?? "") };
}

async function storedIds(
  { stateStore }: IdSources,
  { type, prefix, pageSize, cursor }: IdsRequest,
): Promise<IdsPage> {
  const limit = pageSizeOf(pageSize);
  const query = { type, prefix, limit };
  const { addresses, next = "" } = await stateStore.list(
    cursor === "" ? query : { ...query, after: cursor },
  );
  return { ids: addresses.map(({ id }) => id), next };
}

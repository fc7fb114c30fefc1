import { formatAddress, TroupeError } from "@troupe/core";
import type { IdsPage, IdsRequest, SiloHost } from "@troupe/sdk";
import { activationPage, type ListedActivation } from "./activation-page.ts";
import { pageSizeOf } from "./page-size.ts";

/** What ids are looked for in. */
export interface IdSources {
  readonly stateStore: SiloHost["stateStore"];
  readonly activations: () => Iterable<ListedActivation>;
}

/** Pages that a silo reads at the same time: clients may ask for as many as they like. */
const AT_ONCE_MAX = 64;

/** Gives pages of the ids of one type. */
export class IdPages {
  readonly #siloId: string;
  readonly #sources: IdSources;
  #underWay = 0;

  constructor(siloId: string, sources: IdSources) {
    this.#siloId = siloId;
    this.#sources = sources;
  }

  /** Rejects with `OVERLOADED` if too many are asked for at once. */
  async page(request: IdsRequest): Promise<IdsPage> {
    if (request.type === "")
      throw new TroupeError("BAD_CONFIG", "type is empty; name an actor type");
    if (this.#underWay >= AT_ONCE_MAX) {
      const message = `silo ${this.#siloId} reads ${AT_ONCE_MAX} lists of actors already; ask for less at a time`;
      throw new TroupeError("OVERLOADED", message);
    }
    this.#underWay++;
    try {
      return request.active
        ? activeIds(this.#sources, request)
        : await storedIds(this.#sources, request);
    } finally {
      this.#underWay--;
    }
  }
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

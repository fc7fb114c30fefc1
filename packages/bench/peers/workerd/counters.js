import { DurableObject } from "cloudflare:workers";

/**
 * How much too late each alarm was, in milliseconds, since they were last asked for. All objects of
 * a namespace share it.
 */
let late = [];

export class MemoryCounter extends DurableObject {
  #total = 0;

  add(amount) {
    this.#total += amount;
    return this.#total;
  }
}

/** Its answers wait for the write: the output gate of the runtime holds them. */
export class DurableCounter extends DurableObject {
  #total;

  constructor(context, env) {
    super(context, env);
    this.#total = context.storage.kv.get("total") ?? 0;
  }

  add(amount) {
    this.#total += amount;
    this.ctx.storage.kv.put("total", this.#total);
    return this.#total;
  }
}

export class Sleeper extends DurableObject {
  async sleepUntil(at) {
    this.ctx.storage.kv.put("due", at);
    await this.ctx.storage.setAlarm(at);
  }

  alarm() {
    // oxlint-disable-next-line no-restricted-properties -- a worker has no other clock.
    late.push(Date.now() - this.ctx.storage.kv.get("due"));
  }

  takeLate() {
    const taken = late;
    late = [];
    return taken;
  }
}

/**
 * `/memory/<id>` and `/durable/<id>` add one; `/sleep/<id>?at=<time>` sets an alarm; `/late` gives
 * what has rung.
 */
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const [, kind, id] = url.pathname.split("/");
    switch (kind) {
      case "memory":
        return Response.json(await env.MEMORY.getByName(id).add(1));
      case "durable":
        return Response.json(await env.DURABLE.getByName(id).add(1));
      case "sleep":
        await env.SLEEPER.getByName(id).sleepUntil(Number(url.searchParams.get("at")));
        return Response.json(true);
      case "late":
        return Response.json(await env.SLEEPER.getByName("taker").takeLate());
      default:
        return new Response("no such path", { status: 404 });
    }
  },
};

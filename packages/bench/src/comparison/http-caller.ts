import { Agent, request } from "node:http";

/** A server that answers nothing for so long is broken. */
const ANSWER_MAX_MS = 30_000;

/** Calls a server of the loopback interface over HTTP/1.1, with connections that stay open. */
export class HttpCaller {
  readonly #agent: Agent;
  readonly #url: URL;

  constructor(url: string, connections: number) {
    this.#url = new URL(url);
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: connections,
      maxFreeSockets: connections,
    });
  }

  /** What the path answers, parsed from JSON. Rejects if the status says that it failed. */
  call(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown> {
    const { hostname, port } = this.#url;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      text === undefined
        ? {}
        : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
    return new Promise((resolve, reject) => {
      const sent = request(
        { agent: this.#agent, hostname, port, method, path, headers },
        (response) => {
          let answer = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            answer += chunk;
          });
          response.once("error", reject);
          response.once("end", () => {
            const { statusCode = 0 } = response;
            if (statusCode >= 200 && statusCode < 300)
              resolve(answer === "" ? undefined : JSON.parse(answer));
            else
              reject(
                new Error(`${method} ${path} answered ${statusCode}: ${answer.slice(0, 500)}`),
              );
          });
        },
      );
      sent.setTimeout(ANSWER_MAX_MS, () =>
        sent.destroy(new Error(`${method} ${path} was not answered in ${ANSWER_MAX_MS} ms`)),
      );
      sent.once("error", reject);
      sent.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** True if the server at the port answers the path. */
export async function answersHttp(port: number, path: string): Promise<boolean> {
  const caller = new HttpCaller(`http://127.0.0.1:${port}`, 1);
  try {
    await caller.call("GET", path);
    return true;
  } catch {
    return false;
  } finally {
    caller.close();
  }
}

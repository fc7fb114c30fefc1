import {
  type Binding,
  type BindingRequest,
  type BindingResponse,
  type Clock,
  componentType,
  messageOf,
  TroupeError,
} from "@troupe/core";

/** What every request has. */
export interface HttpBindingOptions {
  readonly url: string;
  /** Milliseconds; 0 for no limit of its own. */
  readonly responseTimeoutMs: number;
  readonly isErrorUnless2xx: boolean;
  readonly responseMaxBytes: number;
  /** A header and its value that each request has. */
  readonly token: { readonly header: string; readonly value: string } | undefined;
  readonly clock: Clock;
}

const METHODS: Readonly<Record<string, string>> = {
  create: "POST",
  get: "GET",
  head: "HEAD",
  post: "POST",
  put: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  options: "OPTIONS",
};

/** Milliseconds: longer than the deadline of any call. */
const NO_TIMEOUT_MS = 86_400_000;

const WITHOUT_BODY: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Calls of a web service. */
export class HttpBinding implements Binding {
  readonly operations = Object.keys(METHODS);
  readonly #options: HttpBindingOptions;

  constructor(options: HttpBindingOptions) {
    this.#options = options;
  }

  async invoke(request: BindingRequest): Promise<BindingResponse> {
    const { responseTimeoutMs, clock } = this.#options;
    const ended = new AbortController();
    const abandon = (): void => ended.abort(request.signal.reason);
    request.signal.addEventListener("abort", abandon, { once: true });
    const timer = clock.schedule(responseTimeoutMs || NO_TIMEOUT_MS, () =>
      ended.abort(new Error(`no answer within ${responseTimeoutMs} ms (responseTimeout)`)),
    );
    try {
      return await this.#ask(request, ended.signal);
    } finally {
      timer.cancel();
      request.signal.removeEventListener("abort", abandon);
    }
  }

  async close(): Promise<void> {
    // Connections are kept by the process, and end by themselves.
  }

  async #ask(request: BindingRequest, signal: AbortSignal): Promise<BindingResponse> {
    const { path = "", errorIfNot2XX, ...others } = request.metadata;
    const url = this.#urlOf(path);
    const method = METHODS[request.operation] ?? "POST";
    const response = await reached(url, () =>
      fetch(url, {
        method,
        headers: this.#headersOf(others, request.data),
        body: WITHOUT_BODY.has(method) ? null : ownBytes(request.data),
        signal,
      }),
    );
    const isChecked =
      errorIfNot2XX === undefined ? this.#options.isErrorUnless2xx : errorIfNot2XX === "true";
    if (isChecked && !response.ok) {
      await response.body?.cancel();
      throw new TroupeError(
        "BINDING_FAILED",
        `${method} ${url.origin}${url.pathname} was answered with ${response.status} ${response.statusText}`,
        { retryable: response.status >= 500 },
      );
    }
    const data = await reached(url, () => this.#bodyOf(response));
    return { data, metadata: metadataOf(response) };
  }

  #urlOf(path: string): URL {
    const { url } = this.#options;
    if (path.split(/[/\\]/).includes(".."))
      throw new TroupeError("BAD_INPUT", `the path ${JSON.stringify(path)} has .. in it`);
    if (path === "") return new URL(url);
    return new URL(`${url.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`);
  }

  /** Metadata whose name begins with a capital letter is a header, as Dapr has it. */
  #headersOf(metadata: Readonly<Record<string, string>>, data: Uint8Array | undefined): Headers {
    const headers = new Headers();
    if (data !== undefined) headers.set("Content-Type", "application/json; charset=utf-8");
    const { token } = this.#options;
    if (token !== undefined) headers.set(token.header, token.value);
    try {
      for (const [name, value] of Object.entries(metadata))
        if (/^[A-Z]/.test(name)) headers.set(name, value);
    } catch (error) {
      throw new TroupeError("BAD_INPUT", `a header is wrong: ${messageOf(error)}`);
    }
    return headers;
  }

  async #bodyOf(response: Response): Promise<Uint8Array> {
    const { responseMaxBytes } = this.#options;
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body ?? []) {
      bytes += part.byteLength;
      if (bytes > responseMaxBytes)
        throw new TroupeError(
          "BINDING_FAILED",
          `the answer has more than ${responseMaxBytes} bytes (maxResponseBodySize)`,
          { ran: "yes" },
        );
      parts.push(part);
    }
    return Buffer.concat(parts);
  }
}

/** What the client throws says that the service cannot be reached, whatever it is. */
async function reached<T>(url: URL, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TroupeError) throw error;
    const why = messageOf(causeOf(error));
    throw new TroupeError("COMPONENT_UNAVAILABLE", `no answer from ${url.origin}: ${why}`, {
      cause: error,
    });
  }
}

function ownBytes(data: Uint8Array | undefined): Uint8Array<ArrayBuffer> | null {
  return data === undefined ? null : new Uint8Array(data);
}

/** The client says why only in the cause of its error. */
function causeOf(error: unknown): unknown {
  const cause = (error as { readonly cause?: unknown } | null)?.cause;
  return cause ?? error;
}

function metadataOf(response: Response): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(response.headers),
    statusCode: String(response.status),
    status: `${response.status} ${response.statusText}`.trim(),
  };
}

/** `bindings.http`. */
export const httpBindingType = componentType({
  type: "bindings.http",
  block: "bindings",
  summary: "Calls of a web service.",
  notes:
    "Operations are the methods; `create` is `POST`. Metadata of a call: `path` is added to the URL, a name that begins with a capital letter is a header, and `errorIfNot2XX` takes the place of the component's. The answer has `statusCode`, `status` and the headers as metadata. Client certificates are not supported.",
  metadata: {
    url: { kind: "text", required: true, doc: "Where the service is." },
    responseTimeout: {
      kind: "duration",
      default: "0",
      doc: "How long an answer may take. 0: as long as any call.",
    },
    errorIfNot2XX: {
      kind: "boolean",
      default: "true",
      doc: "Whether another status than 2xx is `BINDING_FAILED`.",
    },
    maxResponseBodySize: {
      kind: "bytes",
      default: "100Mi",
      doc: "What an answer has at most.",
    },
    securityToken: { kind: "text", secret: true, doc: "Sent with each request." },
    securityTokenHeader: { kind: "text", doc: "The header in which `securityToken` is sent." },
  },
  open: async (settings, { clock }) => {
    const { url, securityToken: value, securityTokenHeader: header } = settings;
    if (!URL.canParse(url) || !/^https?:/i.test(url))
      throw new TroupeError("BAD_CONFIG", "url: give a URL that begins with http:// or https://");
    if ((value === undefined) !== (header === undefined))
      throw new TroupeError("BAD_CONFIG", "give both securityToken and securityTokenHeader");
    return new HttpBinding({
      url,
      responseTimeoutMs: settings.responseTimeout,
      isErrorUnless2xx: settings.errorIfNot2XX,
      responseMaxBytes: settings.maxResponseBodySize,
      token: value === undefined || header === undefined ? undefined : { header, value },
      clock,
    });
  },
});

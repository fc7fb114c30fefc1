import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { Packr } from "msgpackr";
import { BATCH_MAX, ECHO_METHOD, FIELDS_OF_ANSWER, FIELDS_OF_CALL } from "./echo-method.ts";

/**
 * Calls over one bare gRPC stream: all that are made in one tick leave as one msgpackr array (or
 * several, of at most `BATCH_MAX` calls). No deadlines, no errors, no limits: what the link of two
 * silos is measured against.
 */
export class EchoClient {
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #packer = new Packr({ useRecords: false });
  readonly #pending = new Map<number, (answer: unknown) => void>();
  #batch: unknown[] = [];
  #lastId = 0;

  constructor(port: number) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_retries": 0,
    });
    this.#stream = this.#client.makeBidiStreamRequest(
      ECHO_METHOD.path,
      ECHO_METHOD.requestSerialize,
      ECHO_METHOD.responseDeserialize,
    );
    this.#stream.on("data", (bytes: Buffer) => this.#receive(bytes));
    // The end of the bench closes the stream, and a stream that breaks before lets the bench run
    // into its time limit.
    this.#stream.on("error", () => undefined);
  }

  call(type: string, id: string, method: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve) => {
      const callId = ++this.#lastId;
      this.#pending.set(callId, resolve);
      if (this.#batch.length === 0) queueMicrotask(this.#flushSoon);
      this.#batch.push(callId, type, id, method, args);
      if (this.#batch.length === BATCH_MAX * FIELDS_OF_CALL) this.#flush();
    });
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }

  readonly #flushSoon = (): void => {
    process.nextTick(this.#flush);
  };

  readonly #flush = (): void => {
    if (this.#batch.length === 0) return;
    this.#stream.write(this.#packer.pack(this.#batch));
    this.#batch = [];
  };

  #receive(bytes: Buffer): void {
    const answers = this.#packer.unpack(bytes) as unknown[];
    for (let index = 0; index < answers.length; index += FIELDS_OF_ANSWER) {
      const callId = answers[index] as number;
      const resolve = this.#pending.get(callId);
      this.#pending.delete(callId);
      resolve?.(answers[index + 1]);
    }
  }
}

import { Client, credentials } from "@grpc/grpc-js";
import { Packr } from "msgpackr";
import { FIELDS_OF_ITEM, ITEM_METHOD } from "./item-method.ts";

/**
 * Reads items over one bare gRPC stream, many in one message. No credit, no order to hold, no end
 * to be told: what the streams of actors are measured against.
 */
export class ItemReader {
  readonly #client: Client;
  readonly #packer = new Packr({ useRecords: false });

  constructor(port: number) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_retries": 0,
    });
  }

  /** Calls `take` with each item of so many streams, until it returns false. */
  read(streams: number, take: (stream: number, item: unknown) => boolean): Promise<void> {
    const stream = this.#client.makeBidiStreamRequest(
      ITEM_METHOD.path,
      ITEM_METHOD.requestSerialize,
      ITEM_METHOD.responseDeserialize,
    );
    return new Promise((resolve, reject) => {
      let isOver = false;
      stream.on("error", (error) => (isOver ? resolve() : reject(error)));
      stream.on("data", (bytes: Buffer) => {
        if (isOver) return;
        const batch = this.#packer.unpack(bytes) as unknown[];
        for (let index = 0; index < batch.length && !isOver; index += FIELDS_OF_ITEM)
          isOver = !take(batch[index] as number, batch[index + 1]);
        if (isOver) stream.cancel();
      });
      stream.write(this.#packer.pack(streams));
    });
  }

  close(): void {
    this.#client.close();
  }
}

import type { ServerDuplexStream } from "@grpc/grpc-js";
import { Packr } from "msgpackr";
import { lineOf } from "../actors/source.ts";
import { ITEMS_MAX } from "./item-method.ts";

/** Sends items of as many streams as it is asked for, in turn, as fast as the link takes them. */
export function sendItems(stream: ServerDuplexStream<Buffer, Buffer>): void {
  const packer = new Packr({ useRecords: false });
  stream.on("data", (bytes: Buffer) => pump(stream, packer, packer.unpack(bytes) as number));
  stream.on("end", () => stream.end());
  stream.on("error", () => stream.end());
}

function pump(stream: ServerDuplexStream<Buffer, Buffer>, packer: Packr, streams: number): void {
  let sent = 0;
  const send = (): void => {
    // Until the link is full: it says so after some messages, and goes on when there is room.
    for (let hasRoom = true; hasRoom && !stream.cancelled && stream.writable;) {
      const batch: unknown[] = [];
      for (let count = 0; count < ITEMS_MAX; count++, sent++)
        batch.push(sent % streams, lineOf(Math.floor(sent / streams)));
      hasRoom = stream.write(packer.pack(batch));
    }
  };
  stream.on("drain", send);
  send();
}

import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { Packr } from "msgpackr";
import { ECHO_METHOD, FIELDS_OF_CALL } from "./echo-method.ts";
import { ITEM_METHOD } from "./item-method.ts";
import { sendItems } from "./item-source.ts";

/**
 * Answers each call of each batch with the first of its arguments, and sends items to whoever asks
 * for them. Resolves with the port.
 */
export function startEchoServer(): Promise<number> {
  const server = new Server();
  server.addService({ Open: ECHO_METHOD, Items: ITEM_METHOD }, { Open: echo, Items: sendItems });
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function echo(stream: ServerDuplexStream<Buffer, Buffer>): void {
  const packer = new Packr({ useRecords: false });
  stream.on("data", (bytes: Buffer) => {
    const calls = packer.unpack(bytes) as unknown[];
    const answers: unknown[] = [];
    for (let index = 0; index < calls.length; index += FIELDS_OF_CALL) {
      const args = calls[index + 4] as readonly unknown[];
      answers.push(calls[index], args[0]);
    }
    stream.write(packer.pack(answers));
  });
  stream.on("end", () => stream.end());
  stream.on("error", () => stream.end());
}

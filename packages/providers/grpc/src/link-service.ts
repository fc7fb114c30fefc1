import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/**
 * Where `link.proto` stands, from `src` as from `dist`: in the installed package a copy lies beside
 * `dist` (made when the package is packed), in the repository it is the original at the top level.
 */
const PROTO_FOLDERS = ["../proto", "../../../../proto"];

function findProto(): string {
  const files = PROTO_FOLDERS.map((folder) =>
    fileURLToPath(new URL(`${folder}/troupe/link.proto`, import.meta.url)),
  );
  const found = files.find((file) => existsSync(file));
  if (found === undefined)
    throw new Error(`link.proto is at none of ${files.join(", ")}; install @troupe/grpc again`);
  return found;
}

function loadLinkMethod(): MethodDefinition<object, object> {
  const loaded = loadSync(findProto(), { keepCase: true, longs: Number, enums: Number });
  const service = loaded["troupe.v1.Link"] as ServiceDefinition;
  return service["Open"] as MethodDefinition<object, object>;
}

const method = loadLinkMethod();

/** A frame as proto-loader has it: the bytes of `troupe.v1.Frame` to a plain object and back. */
export const serializeFrame: (frame: object) => Buffer = method.requestSerialize;
export const parseFrame: (bytes: Buffer) => object = method.requestDeserialize;

const asIs = (bytes: Buffer): Buffer => bytes;

/**
 * `troupe.v1.Link` as gRPC is given it: frames are bytes to it, so that bytes which are no frame
 * are ours to judge and to log, on both sides alike.
 */
export const LINK_OPEN: MethodDefinition<Buffer, Buffer> = {
  path: method.path,
  requestStream: true,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

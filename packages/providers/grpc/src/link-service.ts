import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { fromJSON, type Options, type PackageDefinition } from "@grpc/proto-loader";
import { LINK_SCHEMA } from "./link-schema.ts";

/** How messages look as objects. */
export const SCHEMA_OPTIONS: Options = { keepCase: true, longs: Number, enums: Number };

/** The method `Open` of a package that was loaded. */
export function linkMethodOf(loaded: PackageDefinition): MethodDefinition<object, object> {
  const service = loaded["troupe.v1.Link"] as ServiceDefinition;
  return service["Open"] as MethodDefinition<object, object>;
}

const method = linkMethodOf(fromJSON(LINK_SCHEMA, SCHEMA_OPTIONS));

/** A frame as proto-loader has it: the bytes of `troupe.v1.Frame` to a plain object and back. */
export const serializeFrame: (frame: object) => Buffer = method.requestSerialize;
export const parseFrame: (bytes: Buffer) => object = method.requestDeserialize;

const asIs = (bytes: Buffer): Buffer => bytes;

/**
 * `troupe.v1.Link` as gRPC is given it: frames are bytes to it, so that bytes which are not a frame
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

import type { MethodDefinition } from "@grpc/grpc-js";

const asIs = (bytes: Buffer): Buffer => bytes;

/** A bidirectional stream of bytes, without protobuf around them. */
export const ECHO_METHOD: MethodDefinition<Buffer, Buffer> = {
  path: "/bench.Echo/Open",
  requestStream: true,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

/** A call and its answer on the stream. Both are flat in a batch, one after the other. */
export const FIELDS_OF_CALL = 5;
export const FIELDS_OF_ANSWER = 2;

/** More in one message were not faster. */
export const BATCH_MAX = 100;

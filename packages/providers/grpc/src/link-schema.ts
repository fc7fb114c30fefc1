import type { fromJSON } from "@grpc/proto-loader";

/**
 * The messages of `proto/troupe/link.proto`, as `protobufjs` describes them. They are part of the
 * code, so that a bundle needs no file beside it; a test holds them equal to the file.
 */
export const LINK_SCHEMA: Parameters<typeof fromJSON>[0] = {
  nested: {
    troupe: {
      nested: {
        v1: {
          nested: {
            Link: {
              methods: {
                Open: {
                  comment: "",
                  requestType: "Frame",
                  requestStream: true,
                  responseType: "Frame",
                  responseStream: true,
                },
              },
            },
            Frame: {
              oneofs: {
                body: { oneof: ["hello", "refusal", "batch", "part", "goodbye", "proof"] },
              },
              fields: {
                hello: { type: "Hello", id: 1 },
                refusal: { type: "Refusal", id: 2 },
                batch: { type: "bytes", id: 3 },
                part: { type: "Part", id: 4 },
                goodbye: { type: "Goodbye", id: 5 },
                proof: { type: "bytes", id: 6 },
              },
            },
            Hello: {
              oneofs: { _nonce: { oneof: ["nonce"] }, _name: { oneof: ["name"] } },
              fields: {
                protocol: { type: "string", id: 1 },
                cluster: { type: "string", id: 2 },
                role: { type: "Role", id: 3 },
                peer_id: { type: "string", id: 4 },
                nonce: { type: "bytes", id: 6, options: { proto3_optional: true } },
                operator: { type: "bool", id: 7 },
                name: { type: "string", id: 8, options: { proto3_optional: true } },
              },
              reserved: [[5, 5], "token"],
            },
            Role: {
              values: { ROLE_UNSPECIFIED: 0, ROLE_SILO: 1, ROLE_CLIENT: 2 },
            },
            Refusal: {
              fields: {
                code: { type: "string", id: 1 },
                message: { type: "string", id: 2 },
              },
            },
            Part: {
              fields: {
                total: { type: "uint32", id: 1 },
                data: { type: "bytes", id: 2 },
              },
            },
            Goodbye: { fields: { reason: { type: "string", id: 1 } } },
          },
        },
      },
    },
  },
};

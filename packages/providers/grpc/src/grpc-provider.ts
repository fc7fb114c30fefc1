import type { Provider } from "@troupe/core";

/** `grpc:`: links over TCP, which is what clusters use if their membership brings none. */
export const grpcProvider: Provider<undefined> = {
  name: "gRPC",
  schemes: ["grpc"],
  example: "grpc:",
  reach: "network",
  parse: (url) =>
    url === "grpc:"
      ? { kind: "location", location: undefined }
      : { kind: "wrong", right: 'give "grpc:"; the addresses come from the membership' },
  openTransport: async (_, { clock, logger, authentication, tls }) => {
    const { createGrpcTransport } = await import("./grpc-transport.ts");
    return createGrpcTransport({
      clock,
      logger,
      authentication,
      ...(tls === undefined ? {} : { tls }),
    });
  },
};

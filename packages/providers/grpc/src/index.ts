export { grpcProvider } from "./grpc-provider.ts";
export { createGrpcTransport, GrpcTransport } from "./grpc-transport.ts";
export { DEFAULT_LINK_LIMITS, type LinkLimits } from "./link-limits.ts";
export type { GrpcTransportOptions, TlsOptions } from "./transport-options.ts";

export * from "./etcd-cluster-service.ts";
export * from "./etcd-service.ts";
export * from "./fault-tools.ts";
export * from "./find-binary.ts";
export * from "./redis-cluster-service.ts";
export * from "./redis-service.ts";
export * from "./tcp-proxy.ts";
export * from "./test-service.ts";

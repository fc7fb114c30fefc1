export type { EtcdTls } from "./etcd-client.ts";
export * from "./etcd-membership.ts";
export * from "./etcd-provider.ts";
export * from "./etcd-url.ts";
export * from "./open-etcd-membership.ts";

export type * from "./binding.ts";
export * from "./component-type.ts";
export type * from "./configuration-store.ts";
export type * from "./lock-store.ts";
export type * from "./metadata-field.ts";
export * from "./ordered-delivery.ts";
export type * from "./pub-sub.ts";
export type * from "./secret-store.ts";
export type * from "./state-component.ts";

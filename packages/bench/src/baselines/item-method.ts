import type { MethodDefinition } from "@grpc/grpc-js";
import { ECHO_METHOD } from "./echo-method.ts";

/** The same stream of bytes as that of calls. The first message asks; the others are batches. */
export const ITEM_METHOD: MethodDefinition<Buffer, Buffer> = {
  ...ECHO_METHOD,
  path: "/bench.Echo/Items",
};

/** An item in a batch: the stream's number, and the item. Both are flat, one after the other. */
export const FIELDS_OF_ITEM = 2;

/** More in one message were not faster. */
export const ITEMS_MAX = 100;

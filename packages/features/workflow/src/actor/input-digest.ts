import { createValuePacker } from "@troupe/core";
import { createHash } from "node:crypto";

const packer = createValuePacker();

/** A short text that is equal for equal inputs, in portable form. */
export function inputDigest(input: unknown): string {
  return createHash("sha256").update(packer.pack(input)).digest("hex").slice(0, 16);
}

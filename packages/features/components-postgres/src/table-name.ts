import { TroupeError } from "@troupe/core";

const NAME = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/;

/** A table's name, or a schema's and a table's, as it stands in statements. */
export function tableName(text: string, metadata: string): string {
  const parts = text.split(".");
  if (parts.length <= 2 && parts.every((part) => NAME.test(part)))
    // Dapr writes names without quotes, and PostgreSQL then looks for them in lower case.
    return parts.map((part) => `"${part.toLowerCase()}"`).join(".");
  throw new TroupeError(
    "BAD_CONFIG",
    `${metadata}: give a name of letters, digits and underscores, or schema.name`,
  );
}

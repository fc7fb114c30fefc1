export { postgresTypes } from "./postgres-types.ts";

export type { ActorContents } from "./actor-contents.ts";
export * from "./admin-client.ts";
export * from "./every-silo.ts";
export { exportActors } from "./export-actors.ts";
export {
  EXPORT_FORMAT,
  type ExportEnd,
  type ExportHeader,
  type ExportLine,
  writeLine,
} from "./export-format.ts";
export { checkType, hostedTypes } from "./hosted-types.ts";
export {
  checkExport,
  importActors,
  type ImportOptions,
  type ImportSummary,
} from "./import-actors.ts";

export * from "./reading/read-value.ts";

export type * from "./machine/episode.ts";

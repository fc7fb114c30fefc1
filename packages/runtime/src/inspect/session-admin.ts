import type { Logger } from "@troupe/core";
import { adminMethod, type AdminMethod, type HealthResponse, SILO_ADMIN, text } from "@troupe/sdk";
import type { SiloSnapshot } from "./silo-snapshot.ts";

export interface SessionAdminParts {
  readonly logger: Logger;
  snapshot(): SiloSnapshot;
  health(): Promise<HealthResponse>;
  /** Whether this silo has found another one gone, once it knows. */
  hasFoundGone(siloId: string): Promise<boolean>;
  switchDefinition(type: string, digest: string): Promise<void>;
  onDrainRequested(): void;
}

/** Answers what operators and other silos ask of a silo as a member of the cluster. */
export function sessionAdminMethods(parts: SessionAdminParts): AdminMethod[] {
  return [
    adminMethod(SILO_ADMIN.snapshot, () => parts.snapshot()),
    adminMethod(SILO_ADMIN.health, () => parts.health()),
    adminMethod(SILO_ADMIN.switchDefinition, async ({ type, digest }, { caller }) => {
      await parts.switchDefinition(type, digest);
      const fields = { event: "definition_switched", type, digest, caller: caller.peerId };
      parts.logger.info(fields, "an operator has put a definition in force");
      return {};
    }),
    adminMethod(SILO_ADMIN.drain, () => {
      parts.onDrainRequested();
      return {};
    }),
    {
      name: "hasFoundGone",
      role: "silo",
      parse: (request) => text.read(request, "hasFoundGone"),
      answer: (siloId) => parts.hasFoundGone(String(siloId)),
    },
  ];
}

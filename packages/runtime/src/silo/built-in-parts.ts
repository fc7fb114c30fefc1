import type { LetterOutcome } from "@troupe/client";
import type { ActorAddress } from "@troupe/core";
import type { DurablePart, SiloHost } from "@troupe/sdk";
import { importMarkPart } from "../import-mark.ts";
import { slotsPart } from "../durability/state-slots.ts";
import { versionPart } from "../durability/state-version.ts";
import { idempotencyPart } from "../idempotency/idempotency-records.ts";
import { remindersPart } from "../reminders/reminders-part.ts";
import { timersPart } from "../reminders/timers-part.ts";
import { deduplicationPart } from "../sends/deduplication.ts";
import type { PendingSend } from "../sends/outbox.ts";
import { sendsPart } from "../sends/sends-part.ts";

/** The durable parts that every actor may have. `deliver` is as in `SendsParts`. */
export function builtInParts(
  silo: SiloHost,
  deliver: (send: PendingSend, sender: ActorAddress) => Promise<LetterOutcome>,
): DurablePart[] {
  return [
    slotsPart,
    versionPart,
    remindersPart,
    timersPart,
    sendsPart({
      logger: silo.logger,
      callTurn: (address, name, args) => silo.callTurn(address, name, args),
      deliver,
    }),
    deduplicationPart(silo),
    idempotencyPart,
    importMarkPart,
  ];
}

import type { Router } from "@troupe/client";
import { OWNER_QUESTIONS } from "../inspect/owner-desk.ts";
import type { AccessRules } from "../routing/access-rules.ts";
import type { AdmissionQueue } from "../routing/admission-queue.ts";
import type { OperatorTurns } from "../routing/clean-envelope.ts";
import type { OpenStreams } from "../streams/open-streams.ts";
import type { ComposedSilo } from "./compose-silo.ts";
import type { ComposeParts, SessionOwner } from "./session-owner.ts";
import { SiloLinks } from "./silo-links.ts";

/** What the links of a silo bring their envelopes to. */
export interface ComposeLinksParts extends Pick<ComposeParts, "siloId" | "ports" | "options"> {
  readonly operatorTurns: OperatorTurns;
  readonly access: AccessRules;
  readonly admission: AdmissionQueue;
  readonly router: Router;
  readonly streams: OpenStreams;
  readonly session: SessionOwner;
}

/** The links of the silo that `silo` composes, with other silos and with clients. */
export function composeLinks(
  parts: ComposeLinksParts,
  silo: Pick<ComposedSilo, "logger" | "actors" | "detector">,
): SiloLinks {
  const { siloId, ports, options, admission, router, streams, session } = parts;
  const { actors } = silo;
  return new SiloLinks({
    siloId,
    cluster: options.cluster,
    clock: ports.clock,
    logger: silo.logger,
    transport: ports.transport,
    operatorTurns: new Map([...parts.operatorTurns, ...OWNER_QUESTIONS]),
    access: parts.access,
    onRequest: (request, sink) => admission.take(request, sink),
    onReply: (callId, outcome) => router.reply(callId, outcome),
    onItem: (callId, item) => router.streams.item(callId, item),
    onCredit: (credit, sink) => streams.credit(credit, sink),
    onCancel: (cancel, sink) => actors.cancel(cancel, sink),
    onCallerGone: (sink) => actors.callerGone(sink),
    onReleased: (from, released) => actors.setReleased(from, released),
    onUp: (_, link) => {
      actors.linkUp(link);
      session.changed();
    },
    onDown: (from, reason) => router.linkDown(from, reason),
    onHeard: (link) => silo.detector.heard(link),
    onRefused: (from) => session.background(silo.detector.refused(from)),
    onRejected: (from, error) => {
      session.rejected(error);
      router.siloRejects(from, error);
      session.changed();
    },
  });
}

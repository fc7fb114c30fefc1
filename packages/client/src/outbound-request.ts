import type {
  ActorAddress,
  ChainEntry,
  Delivery,
  Payload,
  RequestEnvelope,
  StreamWindow,
} from "@troupe/core";

const NO_CHAIN: readonly ChainEntry[] = [];

/**
 * A request as it is made here. It is a class because V8 compiles a function again and again that
 * makes as many of them by an object literal, once the revision is no small integer any more.
 */
export class OutboundRequest implements RequestEnvelope {
  readonly kind = "request";
  readonly callId: number;
  readonly type: string;
  readonly id: string;
  readonly method: string;
  readonly args: Payload;
  deadline = 0;
  revision = 0;
  chain: readonly ChainEntry[] = NO_CHAIN;
  oneWay = false;
  headers: RequestEnvelope["headers"] = undefined;
  idempotencyKey: string | undefined = undefined;
  readonly delivery: Delivery | undefined = undefined;
  stream: StreamWindow | undefined = undefined;
  ifActive: true | undefined = undefined;

  constructor(callId: number, { type, id }: ActorAddress, method: string, args: Payload) {
    this.callId = callId;
    this.type = type;
    this.id = id;
    this.method = method;
    this.args = args;
  }
}

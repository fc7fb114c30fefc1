export type { PublishOptions } from "@troupe/sdk";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema.ts";
export * from "./subscribe.ts";
export {
  type BulkOptions,
  defineSubscriptions,
  type From,
  type RetryOptions,
  type SubscribeOptions,
  type SubscribeTo,
  subscriptionHandlers,
  to,
} from "./subscription.ts";
export {
  type Retention,
  type RetentionOptions,
  topic,
  type Topic,
  type TopicOptions,
} from "./topic.ts";
export type { TopicEvent } from "./topic-event.ts";
export type { BrokerSource } from "./brokers.ts";
export { publish } from "./publish.ts";
export {
  type ProgramTopics,
  TopicAccess,
  type TopicAccessOptions,
  type TopicCluster,
  topicsOf,
} from "./topic-access.ts";
export type { ConsumeOptions, ReceivedEvent } from "./topic-consumer.ts";
export {
  type DeadEvent,
  type DeadEventAccess,
  type GroupLag,
  TopicOperations,
} from "./topic-operations.ts";
export * from "./topics.ts";

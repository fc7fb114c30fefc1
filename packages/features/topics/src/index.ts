export type { PublishOptions } from "./publish-options.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema.ts";
export * from "./subscribe.ts";
export {
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

/** The system turns of topics, with their arguments. No method can have such a name. */

/** To a partition: stores an event of an actor: `[event]`. */
export const PUBLISH_TURN = "$topicPublish";
/** To an outlet: publishes an event of an actor on a broker: `[event]`. */
export const OUTLET_TURN = "$topicOutlet";
/** To a partition: a group reads it from now on: `[group, readerType, from]`. */
export const JOIN_TURN = "$topicJoin";
/** To a partition: how much it keeps: `[retention]`. */
export const RETAIN_TURN = "$topicRetain";
/** To a partition: a reader asks for events: `[group, doneBefore, from]`. */
export const PULL_TURN = "$topicPull";
/** To a partition: forgets a group: `[group]`. */
export const DROP_GROUP_TURN = "$topicDropGroup";
/** To a partition: how much it holds, and how far its groups are behind: `[]`. */
export const NUMBERS_TURN = "$topicNumbers";

/** To a reader: there are events before this number: `[next]`. */
export const WAKE_TURN = "$topicWake";
/** A reader takes what it has pulled: `[pulled, doneBefore]`. */
export const PULLED_TURN = "$topicPulled";
/** A reader sends again what is due: `[]`. */
export const RETRY_TURN = "$topicRetry";
/** What became of an event that a reader sent: `[token, delivered]`. */
export const ANSWERED_TURN = "$topicAnswered";
/** Wakes a reader that is not done, and names its entry in the due index: `[tag, dueAt]`. */
export const LOOK_TURN = "$topicLook";
/** The dead events of a reader: all; one is sent again; one is dropped: `[seq]`. */
export const DEAD_TURN = "$topicDead";
export const RESEND_DEAD_TURN = "$topicResendDead";
export const DROP_DEAD_TURN = "$topicDropDead";

/** To a subscriber: events of a group: `[group, deliveries]`. */
export const EVENTS_TURN = "$topicEvents";

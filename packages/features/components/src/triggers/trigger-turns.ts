/** The system turns of triggers, with their arguments. No method can have such a name. */

/** To the actor that handles it: an event of a trigger: `[trigger, event]`. */
export const TRIGGER_TURN = "$trigger";

/** To a desk: an event that was tried often enough: `[event]`. */
export const ASIDE_TURN = "$triggerAside";
/** To a desk: an event for which no actor was found. It fails again until one is: `[event]`. */
export const ROUTE_TURN = "$triggerRoute";
/** To a desk: when it makes events of its own: `[schedule]`. */
export const SCHEDULE_TURN = "$triggerSchedule";

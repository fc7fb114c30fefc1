/** The system turns of runs, with their arguments. No method can have such a name. */

/** Brings the code of a run that was just loaded to where it stands, and its steps back to life. */
export const RESUME_TURN = "$flowResume";
/** To a run that is not active: its new owner wakes it: `[tag, dueAt]`. */
export const AWAKE_TURN = "$flowAwake";
/** A step has an outcome, which the silo has in memory: `[runId, number]`. */
export const OUTCOME_TURN = "$flowOutcome";
/** An attempt of a step has failed, and there is a longer pause: `[runId, number, pause]`. */
export const PAUSED_TURN = "$flowPaused";
/** An actor has answered: `[token, delivered]`. */
export const ANSWER_TURN = "$flowAnswer";
/** The code was found to wait for something foreign: `[message]`. */
export const FOREIGN_TURN = "$flowForeign";

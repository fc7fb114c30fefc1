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
/** To a run that is to be a child, or to have no parent: `[input, token of the parent]`. */
export const START_TURN = "$flowStart";
/** A child was started, or could not be: `[token, delivered]`. */
export const STARTED_TURN = "$flowStarted";
/** To a child: its parent does not want it any more: `[token of the parent, what to do]`. */
export const LEFT_TURN = "$flowLeft";
/** The code was found to wait for something foreign: `[message]`. */
export const FOREIGN_TURN = "$flowForeign";

/** The system turns of durable sends, with their arguments. No method can have such a name. */

/** A send has arrived: `[seq, delivered, doubtUntil]`. */
export const ARRIVED_TURN = "$arrived";
/** A send is given up: `[seq, reason]`. */
export const DIED_TURN = "$died";
/** To the receiver: the sender has nothing pending: `[sender, seq, isCertain]`. */
export const SETTLED_TURN = "$settled";
/**
 * To the receiver: no copy of the send is to take effect any more: `[sender, seq, error]`. It
 * travels as a copy of the send itself, so it waits for one that runs.
 */
export const REFUSE_TURN = "$refuse";
/** To the sender: a receiver asks whether what it got up to a number is over: `[receiver, seq]`. */
export const SENT_TURN = "$sent";
/** Wakes an actor with pending sends, and names its entries in the due index: `[tag, dueAt]`. */
export const OUTBOX_TURN = "$outbox";
/** Dead letters: all of them; one is sent again: `[seq]`; one is dropped: `[seq]`. */
export const LETTERS_TURN = "$letters";
export const RESEND_TURN = "$resend";
export const DROP_TURN = "$drop";

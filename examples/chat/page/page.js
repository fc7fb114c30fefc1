// @ts-check

import { byId, lineItem, noteItem, personItem } from "./elements.js";

/**
 * The page of the chat.
 *
 * @typedef {{ number: number, at: number, name: string, text: string }} Line
 * @typedef {{ key: string, text: string, item: HTMLElement }} Unsent
 */

/** Lines that the page shows; older ones are taken off. */
const SHOWN_MAX = 500;

/**
 * Somebody who has left is shown for so long, since they may come back: whoever reads a room that
 * moves to another silo is away for a moment.
 */
const AWAY_MS = 2_500;

/** A browser comes back by itself unless the server has refused it; then the page asks again. */
const ASK_AGAIN_MS = 1_500;
const SEND_AGAIN_MS = 800;

/** A line at the bottom within so many pixels is one that is looked at. */
const BOTTOM_PX = 80;

const door = byId("door", HTMLElement);
const inside = byId("inside", HTMLElement);
const nameField = byId("name", HTMLInputElement);
const roomField = byId("room", HTMLInputElement);
const doorProblem = byId("door-problem", HTMLElement);
const state = byId("state", HTMLElement);
const people = byId("people", HTMLElement);
const lines = byId("lines", HTMLElement);
const silence = byId("silence", HTMLElement);
const scroller = byId("scroller", HTMLElement);
const newer = byId("newer", HTMLElement);
const textField = byId("text", HTMLInputElement);
const problem = byId("problem", HTMLElement);

/** One stay in one room. */
class Stay {
  /** @type {EventSource | undefined} */
  #events;
  /** @readonly @type {Unsent[]} */
  #unsent = [];
  #isSending = false;
  #isOver = false;
  /** The last line that is shown, undefined before the first news. @type {number | undefined} */
  #last;
  /** Who is away, and the timer that takes them off. @readonly @type {Map<string, number>} */
  #away = new Map();
  /** @type {readonly string[]} */
  #present = [];

  /**
   * @param {string} room
   * @param {string} name
   */
  constructor(room, name) {
    this.room = room;
    this.name = name;
    this.#follow();
  }

  /** @param {string} text */
  say(text) {
    const item = lineItem({ name: this.name, text, at: undefined }, true);
    item.classList.add("sending");
    // It is read out when it is said.
    item.setAttribute("aria-hidden", "true");
    this.#unsent.push({ key: randomKey(), text, item });
    this.#append(item);
    scroller.scrollTop = scroller.scrollHeight;
    void this.#sendAll();
  }

  leave() {
    this.#isOver = true;
    this.#events?.close();
    for (const timer of this.#away.values()) window.clearTimeout(timer);
  }

  #follow() {
    if (this.#isOver) return;
    const query = new URLSearchParams({ name: this.name });
    if (this.#last !== undefined) query.set("after", String(this.#last));
    const events = new EventSource(`/rooms/${this.room}/events?${query}`);
    this.#events = events;
    showState("", "connecting…");
    events.addEventListener("open", () => showState("open", "connected"));
    events.addEventListener("error", () => {
      showState("broken", "connecting again…");
      if (events.readyState === EventSource.CLOSED)
        window.setTimeout(() => this.#follow(), ASK_AGAIN_MS);
    });
    on(events, "line", (line) => this.#show(line));
    on(events, "missed", ({ number, count }) => {
      this.#last = number;
      this.#append(noteItem(`${count} lines are no longer kept`));
    });
    on(events, "present", ({ number, names }) => {
      this.#last = number;
      this.#showPresent(names);
    });
  }

  /** @param {Line} line */
  #show(line) {
    this.#last = line.number;
    const isMine = line.name === this.name;
    const item = lineItem(line, isMine);
    item.dataset["number"] = String(line.number);
    const [sending] = this.#unsent;
    if (isMine && sending?.text === line.text) sending.item.remove();
    this.#append(item);
  }

  /** @param {HTMLElement} item */
  #append(item) {
    const isAtBottom =
      scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < BOTTOM_PX;
    const firstUnsent = lines.querySelector(".sending");
    if (item.classList.contains("sending")) lines.append(item);
    else lines.insertBefore(item, firstUnsent);
    const before = item.previousElementSibling;
    const isSame =
      before instanceof HTMLElement &&
      item.dataset["name"] !== undefined &&
      before.dataset["name"] === item.dataset["name"];
    item.classList.toggle("same", isSame);
    while (lines.childElementCount > SHOWN_MAX) lines.firstElementChild?.remove();
    silence.hidden = true;
    if (isAtBottom) scroller.scrollTop = scroller.scrollHeight;
    else newer.hidden = false;
  }

  /** @param {readonly string[]} names */
  #showPresent(names) {
    for (const name of names) {
      window.clearTimeout(this.#away.get(name));
      this.#away.delete(name);
    }
    for (const name of this.#present) {
      if (names.includes(name) || this.#away.has(name)) continue;
      const timer = window.setTimeout(() => {
        this.#away.delete(name);
        this.#showPeople();
      }, AWAY_MS);
      this.#away.set(name, timer);
    }
    this.#present = names;
    this.#showPeople();
  }

  #showPeople() {
    const names = [...new Set([...this.#present, ...this.#away.keys()])].toSorted((one, other) =>
      one.localeCompare(other),
    );
    people.replaceChildren(...names.map((name) => personItem(name, name === this.name)));
  }

  /** One after the other, so that they arrive in the order in which they were said. */
  async #sendAll() {
    if (this.#isSending) return;
    this.#isSending = true;
    for (let [next] = this.#unsent; next !== undefined && !this.#isOver; [next] = this.#unsent) {
      const refusal = await this.#send(next);
      if (refusal === "again") {
        await new Promise((resolve) => window.setTimeout(resolve, SEND_AGAIN_MS));
        continue;
      }
      this.#unsent.shift();
      next.item.remove();
      if (refusal === undefined) continue;
      tell(problem, textField, refusal);
      if (textField.value === "") textField.value = next.text;
    }
    this.#isSending = false;
  }

  /**
   * Undefined if it is said; "again" if it may be said or not: under the same key it is said once.
   *
   * @param {Unsent} unsent
   * @returns {Promise<string | undefined>}
   */
  async #send({ key, text }) {
    try {
      const response = await fetch(`/rooms/${this.room}/lines`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: this.name, text, key }),
      });
      if (response.ok) return undefined;
      if (response.status >= 500) return "again";
      const { error } = await response.json();
      return String(error);
    } catch {
      return "again";
    }
  }
}

/** @type {Stay | undefined} */
let stay;

/** @param {string} room @param {string} name */
function enter(room, name) {
  stay?.leave();
  sessionStorage.setItem("name", name);
  byId("title", HTMLElement).textContent = room;
  document.title = `${room} – Chat`;
  lines.replaceChildren();
  people.replaceChildren();
  silence.hidden = false;
  newer.hidden = true;
  tell(problem, textField, "");
  door.hidden = true;
  inside.hidden = false;
  stay = new Stay(room, name);
  textField.focus();
}

function leave() {
  stay?.leave();
  stay = undefined;
  document.title = "Chat";
  inside.hidden = true;
  door.hidden = false;
  roomField.value = roomOfPath() ?? "lobby";
  nameField.value = sessionStorage.getItem("name") ?? "";
  nameField.focus();
}

byId("enter", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const name = nameField.value.trim();
  const room = roomField.value.trim().toLowerCase();
  const wrongName = name === "" ? "Say who you are." : "";
  const wrongRoom = /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(room)
    ? ""
    : "A room's name is made of a to z, 0 to 9, and single dashes between them.";
  tell(doorProblem, nameField, wrongName);
  if (wrongName === "") tell(doorProblem, roomField, wrongRoom);
  if (wrongName !== "" || wrongRoom !== "") return;
  void knock(room, name);
});

/**
 * The server knows the rules, so it is asked whether the name will do.
 *
 * @param {string} room
 * @param {string} name
 */
async function knock(room, name) {
  try {
    const response = await fetch(`/rooms/${room}/door?${new URLSearchParams({ name })}`);
    if (response.status === 400) {
      const { error } = await response.json();
      return tell(doorProblem, nameField, String(error));
    }
  } catch {
    // The room says when it is reached.
  }
  if (roomOfPath() !== room) history.pushState(undefined, "", `/rooms/${room}`);
  enter(room, name);
}

byId("say", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const text = textField.value.trim();
  tell(problem, textField, "");
  if (text === "") return;
  textField.value = "";
  stay?.say(text);
});

byId("leave", HTMLButtonElement).addEventListener("click", leave);
window.addEventListener("popstate", leave);
newer.addEventListener("click", () => {
  scroller.scrollTop = scroller.scrollHeight;
  textField.focus();
});
scroller.addEventListener("scroll", () => {
  if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < BOTTOM_PX)
    newer.hidden = true;
});

leave();

/** `crypto.randomUUID` is there only where the page came over HTTPS, or from this machine. */
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} kind @param {string} text */
function showState(kind, text) {
  if (state.textContent === text) return;
  state.dataset["state"] = kind;
  state.textContent = text;
}

/**
 * Says what is wrong with a field, or that nothing is.
 *
 * @param {HTMLElement} place
 * @param {HTMLElement} field
 * @param {string} text
 */
function tell(place, field, text) {
  place.textContent = text;
  field.toggleAttribute("aria-invalid", false);
  if (text === "") return;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

/** @param {EventSource} events @param {string} kind @param {(data: any) => void} take */
function on(events, kind, take) {
  events.addEventListener(kind, (event) => take(JSON.parse(event.data)));
}

function roomOfPath() {
  return /^\/rooms\/([^/]+)$/.exec(location.pathname)?.[1];
}

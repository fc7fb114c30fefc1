// @ts-check

/** What the page is made of: all text that came from others goes in as text, and never as HTML. */

/**
 * @param {{ name: string, text: string, at: number | undefined }} line
 * @param {boolean} isMine
 */
export function lineItem({ name, text, at }, isMine) {
  const item = element("li", isMine ? "said mine" : "said", "");
  item.dataset["name"] = name;
  const who = element("p", "who", name);
  if (at === undefined) who.append(element("span", "hint", " sending…"));
  else who.append(timeElement(at));
  item.append(faceOf(name), who, element("p", "text", text));
  return item;
}

/** @param {number} at */
function timeElement(at) {
  const time = document.createElement("time");
  const date = new Date(at);
  time.dateTime = date.toISOString();
  time.textContent = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return time;
}

/** @param {string} text */
export function noteItem(text) {
  return element("li", "note", text);
}

/** @param {string} name @param {boolean} isMe */
export function personItem(name, isMe) {
  const item = element("li", "person", "");
  item.dataset["name"] = name;
  item.append(faceOf(name), element("span", "", isMe ? `${name} (you)` : name));
  return item;
}

/** The first letter, in a colour that the name always has. @param {string} name */
function faceOf(name) {
  const [letter = ""] = name;
  const face = element("span", "face", letter.toUpperCase());
  face.setAttribute("aria-hidden", "true");
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973;
  // Steps of the golden angle are far apart from each other.
  face.style.setProperty("--hue", String((sum * 137) % 360));
  return face;
}

/** @param {string} kind @param {string} className @param {string} text */
function element(kind, className, text) {
  const made = document.createElement(kind);
  if (className !== "") made.className = className;
  made.textContent = text;
  return made;
}

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${id}`);
}

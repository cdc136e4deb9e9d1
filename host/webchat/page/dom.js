// Making elements. Text only ever becomes a text node: the page has no way to make markup of a string.

/**
 * An element with attributes and children; a child is a node or a string, and one that is null is left out.
 * An attribute whose name begins with "on" is a listener.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A text's nodes: what stands between backticks is code. */
export function spoken(text) {
  return text.split(/`([^`]+)`/).map((part, i) => (i % 2 === 1 ? el("code", {}, part) : document.createTextNode(part)));
}

export const byId = (id) => document.getElementById(id);

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** A time as briefly as it can be told from others: today's by the clock, older ones by the day. */
export function brief(millis, now = Date.now()) {
  const at = new Date(millis);
  const today = new Date(now);
  if (at.toDateString() === today.toDateString()) return clock.format(at);
  return at.getFullYear() === today.getFullYear() ? day.format(at) : dayYear.format(at);
}

export const exact = (millis) => full.format(new Date(millis));
export const seconds = (millis) => clockSeconds.format(new Date(millis));

export function timeElement(millis, text) {
  return el("time", { datetime: new Date(millis).toISOString(), title: exact(millis) }, text);
}

/** What fits on a line of a narrow screen stays on one. */
const ONE_LINE = 44;

/** A JSON document as people read it, or the text as it is. */
export function pretty(json) {
  try {
    const value = JSON.parse(json);
    const line = JSON.stringify(value, null, 1).replace(/\n\s*/g, " ");
    return line.length <= ONE_LINE ? line : JSON.stringify(value, null, 2);
  } catch {
    return json;
  }
}

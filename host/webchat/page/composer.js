// The message field: what is being written in each chat, and the one message that is on its way.
//
// A message stays here until the server said that it is recorded. Drafts, and the message on its way with its key, are
// kept for this tab, so that neither a broken connection nor a reload loses or doubles it.

import { byId } from "./dom.js";

const CHARS = 100_000;
const STORE = "wirken.composer";
const NEW = "new";

export class Composer {
  constructor({ send, stop }) {
    Object.assign(this, { send, stop });
    this.field = byId("composer");
    this.sendButton = byId("send");
    this.stopButton = byId("stop");
    this.note = byId("composer-note");
    this.suggestions = byId("suggestions");
    this.suggested = new Set();
    this.session = null;
    this.closed = false;
    this.connected = false;
    this.gone = new Set();
    /** What stands in the field must not be kept. */
    this.secret = false;
    const kept = read();
    this.drafts = new Map(kept.drafts);
    /** { key, session, text } */
    this.pending = kept.pending;

    this.field.addEventListener("input", () => {
      this.remember();
      this.render();
    });
    this.field.addEventListener("keydown", (event) => {
      // While an input method composes, Enter chooses a word.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
        event.preventDefault();
        this.submit();
      }
    });
    this.sendButton.addEventListener("click", () => {
      this.submit();
      this.field.focus();
    });
    this.stopButton.addEventListener("click", () => this.stop());
    for (const button of this.suggestions.querySelectorAll("button")) {
      this.suggested.add(button.textContent);
      button.addEventListener("click", () => this.fill(button.textContent));
    }
  }

  /** Shows what was being written in this chat; null is the new one. */
  select(session, closed) {
    this.session = session;
    this.closed = closed;
    this.secret = false;
    this.field.value = this.waiting ? this.pending.text : (this.drafts.get(session ?? NEW) ?? "");
    this.render();
  }

  /** Whether the message on its way is one of the chat that is shown. */
  get waiting() {
    return this.pending !== null && this.pending.session === this.session;
  }

  focus() {
    if (!this.field.disabled) this.field.focus({ preventScroll: true });
  }

  /** Writes a suggestion for the person, who may change it and sends it. */
  fill(text) {
    this.field.value = text;
    this.remember();
    this.render();
    this.focus();
  }

  running(running) {
    this.stopButton.hidden = !running;
  }

  submit() {
    const text = this.field.value;
    if (this.pending !== null || this.closed || text.trim() === "" || tooLong(text)) return;
    this.pending = { key: uuid(), session: this.session, text };
    this.remember();
    this.render();
    this.resend();
  }

  /** The message on its way, again: the server takes each key once. */
  resend() {
    if (this.pending !== null) this.send(this.pending);
  }

  /** The server has it. Returns what it was, if this key is known here. */
  accepted(key) {
    if (this.pending?.key !== key) return null;
    const accepted = this.pending;
    const shown = this.waiting;
    this.pending = null;
    this.drafts.delete(accepted.session ?? NEW);
    if (shown) this.field.value = "";
    this.remember();
    this.render();
    return accepted;
  }

  /** The server refused it: it stays to be changed. What must be forgotten stays in the field alone. */
  refused(key, forget) {
    if (this.pending?.key !== key) return;
    const { session, text } = this.pending;
    const shown = this.waiting;
    this.pending = null;
    this.secret = forget && shown;
    if (forget) {
      this.drafts.delete(session ?? NEW);
      this.remember();
      return this.render();
    }
    const draft = this.gone.has(session) ? NEW : (session ?? NEW);
    this.drafts.set(draft, text);
    if (shown || draft === (this.session ?? NEW)) this.field.value = text;
    this.remember();
    this.render();
  }

  /** There is no such chat: what was being written in it is kept for a new one. */
  lost(session) {
    this.gone.add(session);
    const draft = this.drafts.get(session);
    this.drafts.delete(session);
    if (draft !== undefined && !this.drafts.has(NEW)) this.drafts.set(NEW, draft);
  }

  link(connected) {
    this.connected = connected;
    this.render();
  }

  remember() {
    if (this.field.value === "") this.secret = false;
    if (!this.waiting && !this.secret && this.field.value !== "") this.drafts.set(this.session ?? NEW, this.field.value);
    else if (!this.waiting) this.drafts.delete(this.session ?? NEW);
    try {
      sessionStorage.setItem(STORE, JSON.stringify({ drafts: [...this.drafts], pending: this.pending }));
    } catch {
      // No room, or storage is off: it is kept until the page is left.
    }
  }

  render() {
    const text = this.field.value;
    const long = tooLong(text);
    // A suggestion takes another one's place, and never that of a person's own words.
    this.suggestions.inert = this.waiting || (text.trim() !== "" && !this.suggested.has(text));
    this.field.readOnly = this.waiting;
    this.field.disabled = this.closed;
    this.field.placeholder = this.closed ? "This chat is closed." : "Message";
    this.sendButton.disabled = this.pending !== null || this.closed || text.trim() === "" || long;
    this.sendButton.dataset.busy = String(this.waiting);
    this.note.textContent = long
      ? `The message is ${([...text].length - CHARS).toLocaleString()} characters too long. Shorten it, or send it in parts.`
      : this.waiting && !this.connected
        ? "Not sent yet. It is sent as soon as the gateway answers."
        : "";
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}

/** Counted as the server counts; a string's length is never less. */
const tooLong = (text) => text.length > CHARS && [...text].length > CHARS;

function read() {
  try {
    const { drafts, pending } = JSON.parse(sessionStorage.getItem(STORE));
    return { drafts, pending };
  } catch {
    return { drafts: [], pending: null };
  }
}

const uuid = () => crypto.randomUUID();

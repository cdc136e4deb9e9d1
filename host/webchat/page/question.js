// A question to the owner, as a card: what the host made comes first, what the component claims comes last, then the
// buttons. All of it becomes text nodes.
//
// A press counts only where the buttons have stood still, in sight, for half a second: what slides under a finger, or
// appears there, must not be answered by a press that was meant for something else. Nothing here takes the focus by
// itself, so that an Enter meant for the message field answers nothing.

import { el } from "./dom.js";

/** How long the buttons have to have stood still, and how often that is looked at. */
const STEADY = 500;
const LOOK = 100;
/** As the server counts them. */
const NOTE_CHARS = 1_000;

const TIERS = { 1: "Tier 1", 2: "Tier 2: asked on first use", 3: "Tier 3: asked every time" };
const DONE = { once: "Allowed once", session: "Allowed for this session", remember: "Allowed, and remembered", deny: "Denied" };
const VIA = { webchat: "WebChat", cli: "the command line" };

/** The cards that are not answered yet. */
const open = new Set();
let timer = 0;

function look() {
  for (const question of open) question.look();
  if (open.size > 0 || timer === 0) return;
  clearInterval(timer);
  timer = 0;
}

// At once, so that the buttons show it too.
addEventListener("scroll", look, { capture: true, passive: true });
// Whoever comes back to this tab has not seen yet what is in it.
document.addEventListener("visibilitychange", () => {
  for (const question of open) question.moved();
});

/** The connection broke: whether an answer on its way was taken is not known. */
export function connectionLost() {
  for (const question of open) question.lost();
}

/** How a question was answered, by whom, and through what. */
export function outcome(choice, by, via, note) {
  const told = note === undefined ? "" : ` The agent was told: “${note}”`;
  return `${DONE[choice] ?? choice} by ${by} through ${VIA[via] ?? via}.${told}`;
}

let counted = 0;

export class Question {
  /** `where`: a node that says where it was asked. `answer({ approval, choice, note })` is false where it cannot be sent. */
  constructor({ approval, prompt, where = null, answer }) {
    Object.assign(this, { approval, answer });
    this.ends = Date.now() + prompt.left_millis;
    this.ready = false;
    /** Whether the press that is under way began while the buttons took one. */
    this.pressed = false;
    this.at = null;
    this.since = performance.now();

    const id = `question-${++counted}`;
    this.said = el("p", { class: "question-said", role: "status", "data-testid": "approval-status" });
    this.time = el("p", { class: "question-time", "data-testid": "approval-time" });
    this.note = el("textarea", { id: `${id}-note`, class: "question-note", rows: 1, "data-testid": "approval-note", onkeydown: (event) => this.typed(event) });
    // To deny comes first for whoever goes from button to button.
    const choices = [...prompt.choices].sort((a, b) => Number(b.choice === "deny") - Number(a.choice === "deny"));
    this.buttons = choices.map(({ choice, label }) => this.button(choice, label));
    this.actions = el("div", { class: "question-actions", role: "group", "aria-labelledby": `${id}-head` }, ...this.buttons);
    this.controls = el(
      "div",
      { class: "question-controls" },
      el("label", { class: "question-label", for: `${id}-note` }, "Tell the agent why not (goes with Deny)"),
      this.note,
      this.actions,
      this.time,
    );
    this.body = el("div", { class: "question-body" }, where, fields(prompt), claim(prompt));
    this.head = el(
      "div",
      { class: "question-head" },
      el("h3", { id: `${id}-head` }, "May the agent do this?"),
      el("span", { class: "question-tier", "data-tier": prompt.tier }, TIERS[prompt.tier] ?? `Tier ${prompt.tier}`),
    );
    this.root = el(
      "section",
      { class: "question", "data-testid": "approval", "data-approval": approval, "data-state": "open", tabindex: -1, "aria-labelledby": `${id}-head` },
      this.head,
      this.body,
      this.controls,
      this.said,
    );
    open.add(this);
    if (timer === 0) timer = setInterval(look, LOOK);
    this.look();
  }

  get state() {
    return this.root.dataset.state;
  }

  button(choice, label) {
    return el(
      "button",
      {
        type: "button",
        class: "question-button",
        "data-testid": `approval-${choice}`,
        "data-choice": choice,
        "aria-disabled": "true",
        onpointerdown: () => {
          this.look();
          this.pressed = this.ready;
        },
        // A key that is held down is one press.
        onkeydown: (event) => event.repeat && event.preventDefault(),
        onclick: (event) => this.press(choice, event),
      },
      label,
    );
  }

  press(choice, event) {
    this.look();
    // A press by the keyboard has no place.
    const meant = this.ready && (event.detail === 0 || this.pressed);
    this.pressed = false;
    if (this.state !== "open") return;
    if (!meant) return this.say("The buttons have just moved. Read what is asked, then press again.");
    const note = this.note.value.trim();
    if (choice !== "deny" && note !== "") return this.say("The note goes with Deny alone. Remove it to allow this, or deny.");
    const long = [...note].length - NOTE_CHARS;
    if (long > 0) return this.say(`The note is ${long.toLocaleString()} characters too long. Shorten it.`);
    const sent = this.answer({ approval: this.approval, choice, note: note === "" ? null : note });
    if (!sent) return this.say("There is no connection to the gateway. Press again when there is one.");
    this.root.dataset.state = "sending";
    this.say("Sending…");
    this.look();
  }

  typed(event) {
    // Escape leaves the field, and does not stop the answer.
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    this.note.blur();
  }

  /** Looks where the buttons are, and how much time is left. */
  look() {
    if (this.at !== null && !this.root.isConnected) {
      open.delete(this);
      return;
    }
    const now = performance.now();
    const { left, top, width, height } = this.actions.getBoundingClientRect();
    const seen = this.root.isConnected && width > 0 && !document.hidden;
    const stood = this.at !== null && Math.abs(left - this.at.left) < 1 && Math.abs(top - this.at.top) < 1 && Math.abs(width - this.at.width) < 1 && Math.abs(height - this.at.height) < 1;
    if (this.root.isConnected) this.at = { left, top, width, height };
    if (!seen || !stood) this.since = now;

    const rest = this.ends - Date.now();
    if (rest <= 0 && this.state === "open") {
      this.root.dataset.state = "late";
      this.say("The time to answer is up.");
    }
    const words = rest > 0 ? `Expires in ${duration(rest)}.` : "Expired.";
    if (this.time.textContent !== words) this.time.textContent = words;

    const ready = this.state === "open" && now - this.since >= STEADY;
    if (ready === this.ready) return;
    this.ready = ready;
    for (const button of this.buttons) button.setAttribute("aria-disabled", String(!ready));
  }

  moved() {
    this.at = this.root.isConnected ? { left: NaN, top: NaN, width: NaN, height: NaN } : null;
    this.look();
  }

  say(words) {
    this.said.textContent = words;
  }

  /** The server refused the answer. What must be forgotten does not stay in the field. */
  refused(words, forget) {
    if (forget) this.note.value = "";
    if (this.state === "settled") return;
    this.root.dataset.state = "open";
    this.say(words);
    this.look();
  }

  lost() {
    if (this.state !== "sending") return;
    this.root.dataset.state = "open";
    this.say("The connection broke. Whether this answer was taken shows when it is back.");
    this.look();
  }

  /** It is over: says how, and folds away what was asked. */
  settle(words, kind) {
    open.delete(this);
    const focused = this.root.contains(document.activeElement);
    this.root.dataset.state = "settled";
    this.root.dataset.outcome = kind;
    this.say(words);
    this.root.replaceChildren(this.head, this.said, el("details", { class: "question-past" }, el("summary", {}, "What was asked"), this.body));
    if (focused) this.root.focus({ preventScroll: true });
  }
}

/** What the host made. */
function fields(prompt) {
  if (prompt.fields.length === 0) return el("p", { class: "erased" }, "What was asked was erased, so it cannot be allowed.");
  return el("dl", { class: "question-fields" }, ...prompt.fields.flatMap(field));
}

function field({ label, text, verbatim }) {
  const shown = verbatim ? el("pre", { class: "question-verbatim", "data-testid": "approval-verbatim" }, text) : text;
  return [el("dt", {}, label), el("dd", {}, shown)];
}

/** What the component claims. Nothing of it was checked. */
function claim(prompt) {
  if (prompt.claim === undefined) return null;
  return el(
    "figure",
    { class: "question-claim", "data-testid": "approval-claim" },
    el("figcaption", {}, `${prompt.claim.label} (nobody checked this):`),
    el("blockquote", {}, prompt.claim.text),
  );
}

function duration(millis) {
  const seconds = Math.ceil(millis / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / (24 * 60))} days`;
}

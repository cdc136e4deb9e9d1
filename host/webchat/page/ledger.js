// The ledger of the chat that is open: its rows in words, and what checking them found.

import * as api from "./api.js";
import { byId, el, exact, seconds, spoken } from "./dom.js";

/** After a row is recorded, others of the same step follow at once. */
const SETTLE = 400;
const END_SLACK = 40;

export class Ledger {
  constructor({ changed }) {
    this.changed = changed;
    this.panel = byId("ledger");
    this.rows = byId("ledger-rows");
    this.result = byId("verify-result");
    this.toggle = byId("ledger-toggle");
    this.session = null;
    this.timer = 0;
    this.asked = 0;
    /** Whether the reader is at the newest row, and stays there as rows come. */
    this.following = true;
    this.rows.addEventListener("scroll", () => {
      this.following = this.rows.scrollHeight - this.rows.scrollTop - this.rows.clientHeight < END_SLACK;
    });
    new ResizeObserver(() => this.keepEnd()).observe(this.rows);
    this.toggle.addEventListener("click", () => this.show(this.panel.hidden));
    byId("ledger-close").addEventListener("click", () => {
      this.show(false);
      this.toggle.focus();
    });
    byId("ledger-check").addEventListener("click", () => this.load());
  }

  get open() {
    return !this.panel.hidden;
  }

  show(open) {
    this.panel.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
    this.changed();
    if (!open) return;
    this.following = true;
    this.load();
  }

  select(session) {
    this.session = session;
    this.following = true;
    this.toggle.hidden = session === null;
    this.rows.replaceChildren();
    this.result.replaceChildren();
    if (session === null && this.open) this.show(false);
    else if (this.open) this.load();
  }

  /** Something was recorded in this chat. */
  recorded() {
    if (!this.open) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), SETTLE);
  }

  async load() {
    const session = this.session;
    if (session === null) return;
    const asked = ++this.asked;
    if (this.result.childElementCount === 0) this.say("checking", "Checking…");
    try {
      const { rows, verification } = await api.ledger(session);
      // Another chat was opened, or another check was asked for, meanwhile.
      if (asked !== this.asked || session !== this.session) return;
      this.say(verification.ok ? "ok" : "broken", verification.text, verification.details);
      this.rows.replaceChildren(...turns(rows).map((turn) => this.turn(turn, verification.broken_row)));
      this.keepEnd();
    } catch (failure) {
      if (asked === this.asked) this.say("broken", failure.message);
    }
  }

  say(state, text, details = "") {
    const open = this.result.querySelector("details")?.open ?? false;
    this.result.dataset.state = state;
    this.result.replaceChildren(
      el("p", { class: "verify-first" }, ...spoken(text)),
      ...(details === "" ? [] : [el("details", { open }, el("summary", {}, "What was checked"), el("p", {}, details))]),
    );
  }

  keepEnd() {
    if (this.following) this.rows.scrollTop = this.rows.scrollHeight;
  }

  turn({ heading, rows }, broken) {
    return el("li", {}, el("h3", { class: "ledger-turn" }, heading), el("ol", {}, ...rows.map((row) => this.row(row, broken))));
  }

  row({ seq, at, kind, hash, text }, broken) {
    return el(
      "li",
      { class: "ledger-row", "data-testid": "ledger-row", "data-kind": kind, "data-broken": seq === broken },
      el("span", { class: "ledger-seq" }, String(seq)),
      el("div", { class: "ledger-what" }, el("p", {}, text), el("p", { class: "ledger-fine", title: `${exact(at)}, ${kind}` }, `${seconds(at)} · ${hash}`)),
    );
  }
}

const BEGINS = new Set(["inbound", "turn-started"]);
const ENDS = new Set(["turn-finished", "turn-interrupted"]);
const LATER = new Set(["outbound-attempted", "outbound-drafted", "outbound-outcome", "prompt-outcome", "prompt-closed"]);

/** The rows of each turn together, for each numbers its requests and answers anew; and what lies between turns. */
function turns(rows) {
  const groups = [];
  let number = 0;
  let between = true;
  for (const row of rows) {
    // What becomes of an answer is often known after its turn's end.
    if (between && (!LATER.has(row.kind) || groups.length === 0)) {
      between = !BEGINS.has(row.kind);
      const heading = between ? "Chat" : `Turn ${++number}`;
      if (groups.at(-1)?.heading !== heading) groups.push({ heading, rows: [] });
    }
    groups.at(-1).rows.push(row);
    if (ENDS.has(row.kind)) between = true;
  }
  return groups;
}

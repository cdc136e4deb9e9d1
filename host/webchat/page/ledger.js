// The ledger of the chat that is open: its rows in words, and what checking them found.

import * as api from "./api.js";
import { byId, el, exact, seconds } from "./dom.js";

/** After a row is recorded, others of the same step follow at once. */
const SETTLE = 400;

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
    if (open) this.load();
  }

  select(session) {
    this.session = session;
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
      this.rows.replaceChildren(...rows.map((row) => this.row(row, verification.broken_row)));
    } catch (failure) {
      if (asked === this.asked) this.say("broken", failure.message);
    }
  }

  say(state, text, details = "") {
    const open = this.result.querySelector("details")?.open ?? false;
    this.result.dataset.state = state;
    this.result.replaceChildren(
      el("p", { class: "verify-first" }, text),
      ...(details === "" ? [] : [el("details", { open }, el("summary", {}, "What was checked"), el("p", {}, details))]),
    );
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

// The view of permissions: the questions of all sessions that wait, and the rights that were given.
//
// A card that was answered stays until the view is left, so that no other one slides under the pointer.

import * as api from "./api.js";
import { brief, byId, el, exact, spoken, timeElement } from "./dom.js";
import { Question } from "./question.js";

const OWN = "webchat";
const UNNAMED = "without a title";
const GONE = "This waits no more: it was answered elsewhere, it expired, or what asked for it ended.";

export class Permissions {
  /** `title(session)` is the name of a chat, or null. `count(n)` is told how many questions wait. */
  constructor({ answer, revoke, title, count, failed }) {
    Object.assign(this, { answer, revoke, title, count, failed });
    this.panel = byId("permissions");
    this.list = byId("pending");
    this.none = byId("pending-none");
    this.rows = byId("grants");
    this.noRows = byId("grants-none");
    this.pending = { approvals: [], more: 0 };
    this.rights = { grants: [], more: 0 };
    this.cards = new Map();
    this.items = new Map();
    /** Counts what was asked for: an older answer than the last that came is not shown. */
    this.asked = { approvals: 0, grants: 0 };
    // What was given for a time ends by itself.
    setInterval(() => {
      if (this.open) this.renderRights();
    }, 30_000);
  }

  get open() {
    return !this.panel.hidden;
  }

  show(open) {
    if (open === this.open) return;
    this.panel.hidden = !open;
    this.cards.clear();
    this.list.replaceChildren();
    if (!open) return;
    this.renderPending();
    this.renderRights();
    this.load();
    byId("pending-head").focus({ preventScroll: true });
  }

  /** How it stands now: what changes from here on comes by the socket. */
  load() {
    this.ask("approvals", api.approvals);
    this.ask("grants", api.grants);
  }

  async ask(kind, request) {
    const asked = ++this.asked[kind];
    try {
      const answer = await request();
      // What came by the socket meanwhile is newer.
      if (asked === this.asked[kind]) this.set(kind, answer);
    } catch (failure) {
      if (asked === this.asked[kind]) this.failed(failure);
    }
  }

  /** From the socket. */
  received(frame) {
    this.asked[frame.type] += 1;
    this.set(frame.type, frame);
  }

  set(kind, answer) {
    if (kind === "approvals") this.setPending(answer);
    else this.setRights(answer);
  }

  setPending({ approvals, more }) {
    this.pending = { approvals, more };
    this.count(approvals.length + more);
    if (this.open) this.renderPending();
  }

  setRights({ grants, more }) {
    this.rights = { grants, more };
    if (this.open) this.renderRights();
  }

  question(approval) {
    return this.cards.get(approval) ?? null;
  }

  /** An answer of this page's was taken. */
  answered(approval, choice) {
    const denied = choice === "deny";
    this.question(approval)?.settle(denied ? "Denied." : "Allowed.", denied ? "denied" : "allowed");
  }

  renderPending() {
    const { approvals, more } = this.pending;
    const waiting = new Set(approvals.map(({ approval }) => approval));
    for (const [approval, card] of this.cards) {
      if (!waiting.has(approval) && card.state !== "settled") card.settle(GONE, "expired");
    }
    for (const one of approvals) {
      if (this.cards.has(one.approval)) continue;
      const card = new Question({ approval: one.approval, prompt: one.prompt, where: this.where(one), answer: this.answer });
      this.cards.set(one.approval, card);
      this.list.append(el("li", {}, card.root));
    }
    this.none.textContent = more > 0 ? `${more} more wait, and are shown as these are answered.` : "Nothing waits for an answer.";
    this.none.hidden = approvals.length > 0 && more === 0;
  }

  where({ session, agent, account, conversation, thread, asked_at }) {
    const place =
      account === OWN
        ? ["In the chat ", this.link(session)]
        : [`At ${account}, in the conversation ${conversation}${thread === undefined ? "" : `, thread ${thread}`}`];
    return el("p", { class: "question-where", "data-testid": "approval-where" }, ...place, `, by the agent ${agent}, `, timeElement(asked_at, brief(asked_at)));
  }

  renderRights() {
    const now = Date.now();
    const good = this.rights.grants.filter(({ until }) => until === undefined || until > now);
    const ids = new Set(good.map(({ grant }) => grant));
    const focused = this.rows.contains(document.activeElement);
    for (const [grant, item] of this.items) {
      if (ids.has(grant)) continue;
      item.root.remove();
      this.items.delete(grant);
    }
    let before = null;
    for (const right of [...good].reverse()) {
      const item = this.items.get(right.grant) ?? this.right(right);
      this.items.set(right.grant, item);
      if (item.root.parentNode === null || item.root.nextElementSibling !== before) this.rows.insertBefore(item.root, before);
      before = item.root;
    }
    if (focused && !this.rows.contains(document.activeElement)) byId("grants-head").focus({ preventScroll: true });
    const { more } = this.rights;
    this.noRows.textContent = more > 0 ? `${more} more are older. \`wirken permissions list\` shows all of them.` : "Nothing was allowed for longer than one call.";
    this.noRows.hidden = good.length > 0 && more === 0;
  }

  right({ grant, agent, account, sender, component, words, key, session, until, by, given_at }) {
    const said = el("p", { class: "right-said", role: "status" });
    const button = el("button", { type: "button", class: "quiet-button", "data-testid": "revoke", "aria-label": `Revoke: ${words ?? key}` }, "Revoke");
    button.addEventListener("click", () => {
      const sent = this.revoke(grant);
      // Once is enough, however often it is pressed.
      button.disabled = sent;
      said.textContent = sent ? "Revoking…" : "There is no connection to the gateway. Press again when there is one.";
    });
    const root = el(
      "li",
      { class: "right", "data-testid": "grant", "data-grant": grant },
      el(
        "div",
        { class: "right-what" },
        words === undefined ? null : el("p", { class: "right-words" }, `${component} may ${words}`),
        el("pre", { class: "question-verbatim" }, key),
        el("p", { class: "right-fine" }, `For ${sender} at ${account}, through the agent ${agent} and the component ${component}. `, ...this.lasts(account, session, until), ` Given by ${by}, `, timeElement(given_at, brief(given_at)), "."),
        said,
      ),
      button,
    );
    const refused = (message) => {
      button.disabled = false;
      said.replaceChildren(...spoken(message));
    };
    return { root, button, refused };
  }

  lasts(account, session, until) {
    if (session === undefined) return [`Until ${exact(until)}.`];
    return account === OWN ? ["Until the chat ", this.link(session), " is closed."] : ["Until its session is closed."];
  }

  link(session) {
    return el("a", { href: `#s=${session}`, "data-session": session }, this.title(session) ?? UNNAMED);
  }

  /** The chats may have other names now. */
  named() {
    for (const link of this.panel.querySelectorAll("a[data-session]")) link.textContent = this.title(link.dataset.session) ?? UNNAMED;
  }

  /** A right of this page's choice is gone. */
  revoked(grant) {
    this.rights.grants = this.rights.grants.filter((right) => right.grant !== grant);
    if (this.open) this.renderRights();
  }

  refused(grant, message) {
    this.items.get(grant)?.refused(message);
  }

  /** Whether a revocation on its way was taken is not known. */
  lost() {
    for (const { button, refused } of this.items.values()) {
      if (button.disabled) refused("The connection broke. Whether this was revoked shows when it is back.");
    }
  }
}

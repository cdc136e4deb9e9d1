// The list of chats.

import { brief, byId, el, exact } from "./dom.js";

const STATES = { closed: "closed", waiting: "asks you", running: "answering" };

export class Sessions {
  constructor() {
    this.list = byId("sessions");
    this.all = [];
    this.current = null;
    // Times of day become dates at midnight.
    setInterval(() => this.render(), 60_000);
  }

  replace(sessions) {
    this.all = sessions;
    this.render();
  }

  select(id) {
    this.current = id;
    this.render();
  }

  get(id) {
    return this.all.find((session) => session.id === id) ?? null;
  }

  /** Changes what is known of a chat, and where it stands. */
  touch(id, changes) {
    const session = this.get(id);
    if (session === null) return;
    Object.assign(session, changes);
    this.render();
  }

  render() {
    const now = Date.now();
    this.all.sort((a, b) => b.last_at - a.last_at);
    this.list.replaceChildren(...this.all.map((session) => this.item(session, now)));
    if (this.all.length === 0) this.list.append(el("li", { class: "sessions-none" }, "No chats yet."));
  }

  item(session, now) {
    const title = session.title ?? "New chat";
    const state = session.closed_at !== null ? "closed" : session.waiting ? "waiting" : session.running ? "running" : null;
    return el(
      "li",
      {},
      el(
        "a",
        {
          href: `#s=${session.id}`,
          class: "session",
          "data-testid": "session-item",
          "data-state": state,
          "aria-current": session.id === this.current ? "page" : null,
          title: `${title}\n${exact(session.last_at)}`,
        },
        el("span", { class: "session-title" }, title),
        el("span", { class: "session-time" }, state === null ? brief(session.last_at, now) : STATES[state]),
      ),
    );
  }
}

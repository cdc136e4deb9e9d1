// The page as a whole: who is logged in, which chat is open, and what passes between its parts.

import * as api from "./api.js";
import { Composer } from "./composer.js";
import { byId, el, spoken } from "./dom.js";
import { Ledger } from "./ledger.js";
import { Link } from "./link.js";
import { Permissions } from "./permissions.js";
import { connectionLost } from "./question.js";
import { Sessions } from "./sessions.js";
import { Thread } from "./thread.js";

const apple = /Mac|iPhone|iPad/.test(navigator.platform);

/** Names no log-in and no chat: a link within the page. */
const parseHash = () => new URLSearchParams(location.hash.slice(1));

const scroller = byId("scroller");
const empty = byId("empty");
const title = byId("title");
const toEnd = byId("to-end");
const closeButton = byId("close-session");
const confirmBox = byId("confirm");

/** The chat that is open (null: a new one), and the first row of it that is not shown yet. */
let current = null;
let next = 0;
let running = false;
/** The name of the chat that is open, and how many questions wait in all sessions. */
let heading = null;
let waiting = 0;
/** Counts what was opened: an answer that comes for an earlier one is not shown. */
let opening = 0;
let loaded = true;

const sessions = new Sessions();
const ledger = new Ledger({ changed: () => document.body.classList.toggle("with-ledger", ledger.open) });
const composer = new Composer({
  send: ({ key, session, text }) => link.send({ type: "say", session, key, text }),
  stop: stopAnswer,
});
const thread = new Thread({
  root: byId("thread"),
  announce: (words) => (byId("announce").textContent = words.slice(0, 2000)),
  running: (now) => {
    running = now;
    composer.running(now);
    byId("thread").setAttribute("aria-busy", String(now));
    if (current !== null) sessions.touch(current, { running: now });
  },
  waiting: (now) => {
    if (current !== null) sessions.touch(current, { waiting: now });
  },
  answer,
});
const permissions = new Permissions({
  answer,
  revoke: (grant) => link.send({ type: "revoke", grant }),
  title: (session) => sessions.get(session)?.title ?? null,
  count: (now) => {
    waiting = now;
    const count = byId("pending-count");
    count.textContent = now > 99 ? "99+" : String(now);
    count.hidden = now === 0;
    count.setAttribute("aria-label", `${now} waiting`);
    byId("drawer-open").toggleAttribute("data-waiting", now > 0);
    titled();
  },
  failed: (failure) => {
    if (failure.status !== 0) banner(failure.message);
  },
});
const link = new Link({ opened, received, state: linkState, refused: checkLogin, loggedOut: () => showGate() });

// Log-in

async function start() {
  const hash = parseHash();
  const token = hash.get("login");
  let spent = null;
  if (token !== null) {
    // Out of the address before anything else: it must not be kept in the history, nor be copied with it.
    history.replaceState(null, "", current === null ? location.pathname : `#s=${current}`);
    try {
      await api.login(token);
    } catch (failure) {
      spent = Object.assign(failure, { login: true });
    }
  }
  try {
    await api.status();
  } catch (failure) {
    return showGate(spent ?? failure);
  }
  byId("gate").hidden = true;
  byId("app").hidden = false;
  if (spent !== null) banner(`${spent.message} This browser was logged in already.`, { testid: "login-error" });
  link.start();
  follow();
  await list();
}

/** Says that nobody is logged in, and what to do. */
function showGate(failure) {
  link.end();
  byId("app").hidden = true;
  byId("gate").hidden = false;
  const said = failure?.login || failure?.status === 0;
  // The command that logs in stands below.
  const words = said ? failure.message.split(/(?<=\.) /).filter((sentence) => !sentence.includes("`wirken webchat login`")) : [];
  byId("login-error").replaceChildren(...spoken(words.join(" ") || "This browser is not logged in."));
}

/** The socket was refused: because the log-in is gone, or because nobody answers. */
async function checkLogin() {
  try {
    await api.status();
  } catch (failure) {
    if (failure.status === 401) showGate(failure);
  }
}

// Which chat is open

function follow() {
  const hash = parseHash();
  if (hash.has("login")) return start();
  if (hash.has("permissions")) return openPermissions();
  // A link within the page, such as the one that skips to the message field.
  if (location.hash.length > 1 && !hash.has("s")) return;
  const id = hash.get("s");
  if (id !== null && /^[0-9a-f-]{32,36}$/.test(id)) open(id);
  else openNew();
}

function openNew() {
  opening += 1;
  current = null;
  next = 0;
  loaded = true;
  thread.reset();
  shown({ title: null, closed: false });
  composer.focus();
}

async function open(id) {
  const mine = ++opening;
  current = id;
  next = 0;
  loaded = false;
  thread.reset();
  const known = sessions.get(id);
  shown({ title: known?.title ?? null, closed: known !== null && known.closed_at !== null });
  let past;
  try {
    past = await api.history(id);
  } catch (failure) {
    if (mine !== opening) return;
    if (failure.status === 404) {
      history.replaceState(null, "", location.pathname);
      composer.lost(id);
      openNew();
    }
    if (failure.status === 401) return showGate(failure);
    // Opened again when the connection is back.
    return banner(failure.message);
  }
  if (mine !== opening) return;
  for (const item of past.items) take(item, false);
  loaded = true;
  thread.join();
  shown({ title: past.session.title, closed: past.session.closed_at !== null });
  watch();
  scrollToEnd();
  showQuestion();
  composer.focus();
}

/** Over the chat that is open, which goes on behind it. */
function openPermissions() {
  if (ledger.open) ledger.show(false);
  view(true);
  drawer(false);
}

function view(open) {
  permissions.show(open);
  for (const id of ["scroller", "composer-area"]) byId(id).hidden = open;
  byId("permissions-close").hidden = !open;
  if (open) byId("permissions-open").setAttribute("aria-current", "page");
  else byId("permissions-open").removeAttribute("aria-current");
  if (open) for (const id of ["to-end", "close-session", "ledger-toggle"]) byId(id).hidden = true;
  titled();
}

function closePermissions() {
  history.pushState(null, "", current === null ? location.pathname : `#s=${current}`);
  follow();
}

/** Asks for everything from the first row that is not shown. */
function watch() {
  if (current !== null && loaded) link.send({ type: "watch", session: current, from: next });
}

function shown({ title: name, closed }) {
  view(false);
  empty.hidden = current !== null;
  heading = name;
  titled();
  closeButton.hidden = current === null || closed;
  composer.select(current, closed);
  sessions.select(current);
  ledger.select(current);
  drawer(false);
}

async function list() {
  try {
    sessions.replace(await api.sessions());
    permissions.named();
    const known = current === null ? null : sessions.get(current);
    if (known !== null) name(known.title);
  } catch (failure) {
    if (failure.status !== 0) banner(failure.message);
  }
}

function name(text) {
  if (text === null) return;
  heading = text;
  titled();
}

function titled() {
  const name = permissions.open ? "Permissions" : heading;
  title.textContent = name ?? (current === null ? "New chat" : "Chat");
  document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${name === null ? "" : `${name} · `}wirken`;
}

// The socket

function opened() {
  composer.link(true);
  if (loaded) watch();
  else if (current !== null && !permissions.open) open(current);
  composer.resend();
  permissions.load();
  list();
}

/** False when there is no connection. */
function answer({ approval, choice, note }) {
  return link.send({ type: "answer", approval, choice, note });
}

function received(frame) {
  switch (frame.type) {
    case "accepted":
      return accepted(frame);
    case "recorded":
      return recorded(frame);
    case "glimpse":
      if (frame.session === current && loaded) keepingEnd(() => thread.glimpse(frame.turn, frame.shown));
      return;
    case "sessions": {
      sessions.replace(frame.sessions);
      permissions.named();
      const known = current === null ? null : sessions.get(current);
      if (known !== null) name(known.title);
      return;
    }
    case "lagged":
      if (frame.session !== current) return;
      thread.missed();
      return watch();
    case "answered":
      return permissions.answered(frame.approval, frame.choice);
    case "revoked":
      return permissions.revoked(frame.grant);
    case "approvals":
    case "grants":
      return permissions.received(frame);
    case "error":
      if (frame.approval !== undefined) return refused(frame);
      if (frame.grant !== undefined) return permissions.refused(frame.grant, frame.message);
      if (frame.key !== undefined) composer.refused(frame.key, frame.forget === true);
      return banner(frame.message);
  }
}

/** An answer was not taken: said in the card, wherever it is shown. */
function refused({ approval, message, forget }) {
  const cards = [thread.question(approval), permissions.question(approval)].filter((card) => card !== null);
  for (const card of cards) card.refused(message, forget === true);
  if (cards.length === 0) banner(message);
}

function accepted({ key, session }) {
  const message = composer.accepted(key);
  if (message === null) return;
  if (message.session === null && current === null) {
    // The server sends this chat from its first row on without being asked.
    current = session;
    next = 0;
    if (permissions.open) {
      // Opened from there when it is left.
      loaded = false;
      return;
    }
    history.replaceState(null, "", `#s=${session}`);
    shown({ title: null, closed: false });
    name(message.text.trim().split("\n")[0].slice(0, 80));
  } else if (message.session === null) {
    // Another chat was opened meanwhile, and the server began to send the new one instead.
    return watch();
  }
  sessions.touch(session, { last_at: Date.now() });
  composer.focus();
  scrollToEnd();
}

function recorded({ session, seq, at, event, tree, prompt }) {
  if (session !== current || !loaded || seq < next) return;
  // A row between is missing here: the server sends it, and this one again.
  if (seq > next) return watch();
  keepingEnd(() => take({ seq, at, event, tree, prompt }, true));
  if (event.kind === "approval-asked") showQuestion();
  ledger.recorded();
  if (event.kind === "session-closed") {
    closeButton.hidden = true;
    if (!permissions.open) composer.select(current, true);
    sessions.touch(current, { closed_at: at });
  }
}

function take(item, fresh) {
  next = item.seq + 1;
  thread.apply(item, fresh);
}

let retry = 0;
function linkState(state, seconds) {
  const status = byId("status");
  clearInterval(retry);
  status.dataset.state = state;
  const say = (words) => (status.firstElementChild.textContent = words);
  composer.link(state === "connected");
  if (state === "connected") {
    say("Connected");
    dismiss("offline");
  } else if (state === "connecting") {
    say("Connecting…");
  } else {
    connectionLost();
    permissions.lost();
    let left = seconds;
    const count = () => say(`Not connected. Next attempt in ${Math.max(left, 1)} s`);
    count();
    retry = setInterval(() => {
      left -= 1;
      count();
    }, 1000);
    banner("The gateway does not answer. Check that `wirken run` is running; this page connects by itself when it is.", { testid: "offline", action: ["Try now", () => link.connect()] });
  }
}

function stopAnswer() {
  if (current !== null && running) link.send({ type: "stop", session: current });
}

// Banners: at most one of a kind, and few at once.

function banner(words, { testid = "banner", action = null } = {}) {
  dismiss(testid);
  const box = byId("banners");
  while (box.childElementCount >= 3) box.firstElementChild.remove();
  const item = el(
    "div",
    { class: "banner", role: "alert", "data-testid": testid },
    el("p", {}, ...spoken(words)),
    action === null ? null : el("button", { type: "button", class: "quiet-button", onclick: action[1] }, action[0]),
    el("button", { type: "button", class: "icon-button cross", "aria-label": "Dismiss", onclick: () => item.remove() }),
  );
  box.append(item);
}

function dismiss(testid) {
  for (const item of document.querySelectorAll(`.banner[data-testid="${testid}"]`)) item.remove();
}

// Reading

const END_SLACK = 80;
/** Whether the reader is at the end, and stays there as things are added. */
let following = true;

function scrollToEnd() {
  scroller.scrollTop = scroller.scrollHeight;
  following = true;
  toEnd.hidden = true;
}

function keepingEnd(change) {
  const stay = following;
  change();
  if (stay) scrollToEnd();
  else toEnd.hidden = permissions.open;
}

/** A question that is longer than the screen is read from its beginning: its buttons are at its end. */
function showQuestion() {
  const card = thread.waits;
  if (card !== null && card.offsetHeight > scroller.clientHeight) card.scrollIntoView({ block: "start" });
}

scroller.addEventListener("scroll", () => {
  following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < END_SLACK;
  if (following) toEnd.hidden = true;
});
toEnd.addEventListener("click", scrollToEnd);
new ResizeObserver(() => {
  if (following) scrollToEnd();
}).observe(scroller);

// The drawer of chats, on a narrow screen

function drawer(open) {
  document.body.classList.toggle("with-drawer", open);
  byId("scrim").hidden = !open;
  byId("drawer-open").setAttribute("aria-expanded", String(open));
  if (open) byId("new-session").focus();
}

byId("drawer-open").addEventListener("click", () => drawer(true));
for (const id of ["drawer-close", "scrim"]) byId(id).addEventListener("click", () => drawer(false));

// Buttons and keys

function newChat() {
  if (location.hash !== "") history.pushState(null, "", location.pathname);
  openNew();
}

byId("new-session-key").textContent = apple ? "⌘K" : "Ctrl K";
byId("new-session").addEventListener("click", newChat);
closeButton.addEventListener("click", () => confirmBox.showModal());
byId("permissions-close").addEventListener("click", closePermissions);
byId("confirm-no").addEventListener("click", () => confirmBox.close());
byId("confirm-yes").addEventListener("click", async () => {
  confirmBox.close();
  try {
    await api.close(current);
  } catch (failure) {
    banner(failure.message);
  }
});

addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    newChat();
  } else if (event.key === "Escape" && !event.isComposing && !confirmBox.open) {
    if (document.body.classList.contains("with-drawer")) drawer(false);
    else if (permissions.open) closePermissions();
    else if (running) stopAnswer();
    else if (ledger.open) ledger.show(false);
  }
});
addEventListener("hashchange", follow);

start();

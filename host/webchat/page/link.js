// The socket to the server: opened, watched over, and opened again when it breaks.

import { key } from "./api.js";

const FIRST_WAIT = 400;
const LONGEST_WAIT = 15_000;
/** Closed by the server because this browser is not logged in. */
const LOGGED_OUT = 4401;

export class Link {
  /**
   * `opened()` each time the socket is ready; `received(frame)` for each frame; `state(name, seconds)` as it changes:
   * "connecting", "connected", "waiting". `refused()` when it closed before it opened: the log-in may be gone.
   */
  constructor({ opened, received, state, refused, loggedOut }) {
    Object.assign(this, { opened, received, state, refused, loggedOut });
    this.socket = null;
    this.wait = FIRST_WAIT;
    this.timer = 0;
    this.ended = true;
    const soon = () => {
      if (!this.ended && this.timer !== 0 && document.visibilityState === "visible") this.connect();
    };
    addEventListener("online", soon);
    document.addEventListener("visibilitychange", soon);
  }

  get connected() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  start() {
    if (this.ended) {
      this.ended = false;
      this.wait = FIRST_WAIT;
      this.connect();
    }
  }

  end() {
    this.ended = true;
    clearTimeout(this.timer);
    this.timer = 0;
    this.socket?.close();
    this.socket = null;
  }

  /** False when there is no connection: say it again when it opened. */
  send(frame) {
    if (!this.connected) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  connect() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.state("connecting");
    const socket = new WebSocket(`ws://${location.host}/socket`, ["wirken-1", key()].filter((protocol) => protocol !== ""));
    this.socket = socket;
    let opened = false;
    socket.addEventListener("open", () => {
      opened = true;
      this.wait = FIRST_WAIT;
      this.state("connected");
      this.opened();
    });
    socket.addEventListener("message", ({ data }) => this.received(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => {
      if (this.socket !== socket || this.ended) return;
      this.socket = null;
      if (code === LOGGED_OUT) return this.loggedOut();
      const wait = this.wait * (0.75 + Math.random() / 2);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
      this.state("waiting", Math.ceil(wait / 1000));
      this.timer = setTimeout(() => this.connect(), wait);
      if (!opened) this.refused();
    });
  }
}

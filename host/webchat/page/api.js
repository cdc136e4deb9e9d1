// Requests to the server that are no socket.

/** Why a request failed: what to tell the person, and the HTTP status (0: the server was not reached). */
export class Failure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const STORE = "wirken.key";

/** What stands beside the cookie: a cookie goes to every port of this machine, and this to none but ours. */
export function key() {
  try {
    return localStorage.getItem(STORE) ?? "";
  } catch {
    return "";
  }
}

async function ask(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: body === undefined ? { "x-wirken-key": key() } : { "x-wirken-key": key(), "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Failure(0, "The gateway does not answer. Check that `wirken run` is running.");
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text === "" ? null : JSON.parse(text);
  } catch {
    // Not from this server; the status says enough.
  }
  if (!response.ok) throw new Failure(response.status, answer?.error ?? `The gateway refused this (${response.status}).`);
  return answer;
}

const session = (id, rest = "") => `/api/sessions/${encodeURIComponent(id)}${rest}`;

export async function login(token) {
  const admission = await ask("POST", "/login", { token });
  try {
    localStorage.setItem(STORE, admission.key);
  } catch {
    throw new Failure(0, "This browser keeps nothing for this page: allow it to store data, and log in again.");
  }
}
export const status = () => ask("GET", "/api/status");
export const sessions = async () => (await ask("GET", "/api/sessions")).sessions;
export const approvals = () => ask("GET", "/api/approvals");
export const grants = () => ask("GET", "/api/grants");
export const history = (id) => ask("GET", session(id));
export const ledger = (id) => ask("GET", session(id, "/ledger"));
export const close = (id) => ask("POST", session(id, "/close"));

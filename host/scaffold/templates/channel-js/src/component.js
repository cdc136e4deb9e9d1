// A channel for a message board that is polled: `GET /messages?after=N` answers a list of messages such as
// `{"id":7,"room":"r1","from":"ada","direct":true,"text":"Hello"}`, and `POST /messages` with `{"room","text"}` says something
// and answers `{"id":8}`. Put the platform that you want to connect in its place.
//
// It is a state machine: events in, effects out. The host sends the requests, adds the token, and keeps the time.
// `wit/deps/channel/channel.wit` says what each event and effect is.

// The request that polls; those that say something count on from it.
export const POLL = 0;
export const AGAIN_MILLIS = 2_000;
export const TROUBLE_MILLIS = 10_000;
const AGAIN = 0;
// The key of the state that survives a restart: the id of the last message that was taken.
const AFTER = 'after';

const again = (afterMillis) => ({ tag: 'set-timer', val: { id: AGAIN, afterMillis } });
const health = (state, detail) => ({ tag: 'health', val: { state, detail } });
const outcome = (id, what) => ({ tag: 'outcome', val: { id, outcome: what } });
const later = { tag: 'later', val: TROUBLE_MILLIS };

class Connection {
  #apiUrl;
  #after = 0;
  #recovering;
  #lastId = POLL;
  // By the request that says it: the outbound.
  #underWay = new Map();

  constructor(settings, state, _random, recovering) {
    this.#apiUrl = JSON.parse(settings)['api-url'].replace(/\/+$/u, '');
    const kept = state.find(({ key }) => key === AFTER);
    if (kept) this.#after = Number(utf8(kept.value));
    this.#recovering = recovering;
  }

  start(_nowMillis) {
    return [this.#poll()];
  }

  handle(_nowMillis, event) {
    const { tag, val } = event;
    if (tag === 'http-response') return val.id === POLL ? this.#polled(val.response) : this.#done(val.id, answered(val.response));
    if (tag === 'http-failed') return val.id === POLL ? trouble(val.failure.message) : this.#done(val.id, unanswered(val.failure));
    if (tag === 'timer') return [this.#poll()];
    if (tag === 'outbound') return [this.#say(val)];
    if (tag === 'poisoned') return this.#skip(val);
    return tag === 'shutdown' ? [{ tag: 'http-cancel', val: POLL }] : [];
  }

  #poll() {
    const limit = this.#recovering ? '&limit=1' : '';
    return http(POLL, 'GET', `${this.#apiUrl}/messages?after=${this.#after}${limit}`, []);
  }

  // The next poll stands behind what this one brought: that is committed first.
  #polled({ status, body }) {
    if (status === 401 || status === 403) return [{ tag: 'fatal', val: 'the message board does not take the token' }];
    let messages;
    try {
      messages = status === 200 ? JSON.parse(utf8(body)) : null;
    } catch {
      messages = null;
    }
    if (!Array.isArray(messages) || !messages.every(isMessage)) return trouble(`the message board answered with status ${status}, or what is no list`);
    if (messages.length === 0) return [health('ok', ''), again(AGAIN_MILLIS)];
    this.#after = Math.max(...messages.map(({ id }) => id));
    return [...messages.map(inbound), this.#keep(), health('ok', ''), this.#poll()];
  }

  // Steps over a message that crashed an instance before this one: of it only the id is read. The poll that `start` began
  // would bring it again.
  #skip({ body }) {
    const id = /"id":(\d+)/u.exec(String.fromCharCode(...body.slice(0, 4096)));
    this.#after = id ? Number(id[1]) : this.#after + 1;
    return [{ tag: 'http-cancel', val: POLL }, this.#keep(), this.#poll()];
  }

  #keep() {
    return { tag: 'state-put', val: { key: AFTER, value: encodeUtf8(String(this.#after)) } };
  }

  #say({ id, conversationId, content }) {
    if (content.tag !== 'text') {
      const failure = { kind: 'unavailable', sent: false, message: 'the message board shows texts alone' };
      return outcome(id, { tag: 'failed', val: failure });
    }
    // A message cannot be changed there, so that an answer is said once it is whole.
    if (!content.val.final) return outcome(id, { tag: 'delivered', val: [] });
    this.#lastId += 1;
    this.#underWay.set(this.#lastId, id);
    const body = JSON.stringify({ room: conversationId, text: content.val.text });
    return http(this.#lastId, 'POST', `${this.#apiUrl}/messages`, [{ tag: 'bytes', val: encodeUtf8(body) }]);
  }

  #done(id, what) {
    const outbound = this.#underWay.get(id);
    return this.#underWay.delete(id) ? [outcome(outbound, what)] : [];
  }
}

function answered({ status, body }) {
  if (status === 429 || status === 503) return later;
  if (status !== 200 && status !== 201) {
    return { tag: 'failed', val: { kind: 'refused', sent: true, message: `the message board answered with status ${status}` } };
  }
  try {
    const { id } = JSON.parse(utf8(body));
    return { tag: 'delivered', val: Number.isSafeInteger(id) ? [String(id)] : [] };
  } catch {
    return { tag: 'delivered', val: [] };
  }
}

// Only where not one byte left is it sure that nothing was said.
function unanswered({ sent, message }) {
  return sent ? { tag: 'in-doubt', val: message } : later;
}

function trouble(detail) {
  return [health('unreachable', detail), again(TROUBLE_MILLIS)];
}

// A platform may send anything: what throws ends this instance.
function isMessage(message) {
  const { id, room, from, direct, text } = message ?? {};
  return Number.isSafeInteger(id) && id >= 0 && typeof direct === 'boolean' && [room, from, text].every((each) => typeof each === 'string');
}

function inbound({ id, room, from, direct, text }) {
  const message = {
    key: String(id),
    id: String(id),
    editOf: null,
    forwarded: false,
    conversation: { id: room, kind: direct ? 'direct' : 'group', parent: null, title: null },
    sender: { id: from, displayName: from, isBot: false },
    text,
    attachments: [],
    replyTo: null,
    mentionsAgent: direct,
    sentAtMillis: null,
  };
  return { tag: 'inbound', val: { tag: 'message', val: message } };
}

function http(id, method, url, body) {
  const headers = [{ name: 'content-type', value: 'application/json' }];
  return { tag: 'http', val: { id, request: { method, url, headers, body, credentials: ['token'], timeoutMillis: 60_000 } } };
}

// There is neither TextEncoder nor TextDecoder in every engine.
function utf8(bytes) {
  return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
}

export function encodeUtf8(string) {
  const bytes = new Uint8Array(3 * string.length);
  let at = 0;
  const rest = (bits) => (bytes[at++] = 0x80 | (bits & 0x3f));
  for (let index = 0; index < string.length; index++) {
    const code = string.codePointAt(index);
    if (code < 0x80) {
      bytes[at++] = code;
    } else if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      rest(code);
    } else if (code < 0x10000) {
      bytes[at++] = 0xe0 | (code >> 12);
      rest(code >> 6);
      rest(code);
    } else {
      bytes[at++] = 0xf0 | (code >> 18);
      rest(code >> 12);
      rest(code >> 6);
      rest(code);
      index++;
    }
  }
  return bytes.slice(0, at);
}

export const adapter = { Connection };

// A provider for endpoints that speak Chat Completions, in text alone and in one piece. It describes a request and reads
// the response; the host sends the one, adds the key, and brings the other. `wit/deps/provider/provider.wit` says what each
// function is for.

// An answer is not longer.
export const MAX_BYTES = 4 * 1024 * 1024;

const failure = (kind, message) => ({ kind, message, retryAfterMillis: null });

const text = (parts) => parts.map((part) => (part.tag === 'text' ? part.val : '')).join('');

function message({ tag, val }) {
  switch (tag) {
    case 'system':
      return { role: 'system', content: val };
    case 'user':
      return { role: 'user', content: text(val) };
    case 'assistant':
      return { role: 'assistant', content: text(val) };
    default:
      // This provider offers no tools; what another one called is told as text.
      return { role: 'user', content: val.map((result) => `${result.name}: ${text(result.content)}`).join('\n') };
  }
}

function kindOf(status) {
  if (status === 401 || status === 403) return 'authentication';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'unavailable' : 'invalid-request';
}

// The response, which is read once it is whole.
class Decoder {
  #status;
  #body = [];
  #bytes = 0;

  constructor(_target, status, _headers) {
    this.#status = status;
  }

  push(bytes) {
    this.#bytes += bytes.length;
    if (this.#bytes <= MAX_BYTES) this.#body.push(Uint8Array.from(bytes));
    return [];
  }

  finish() {
    try {
      return this.#read();
    } catch (error) {
      return [{ tag: 'failed', val: error.kind ? error : failure('protocol', 'the answer is no JSON, or ended early') }];
    }
  }

  #read() {
    if (this.#status !== 200) throw failure(kindOf(this.#status), `the endpoint answered with status ${this.#status}`);
    if (this.#bytes > MAX_BYTES) throw failure('protocol', `the answer has more than ${MAX_BYTES} bytes`);
    const body = new Uint8Array(this.#bytes);
    this.#body.reduce((at, piece) => (body.set(piece, at), at + piece.length), 0);
    const choice = JSON.parse(utf8(body)).choices?.[0];
    if (typeof choice?.message?.content !== 'string') throw failure('protocol', 'the answer holds no text');
    return [
      { tag: 'text', val: choice.message.content },
      { tag: 'stop', val: typeof choice.finish_reason === 'string' ? choice.finish_reason || 'end' : 'end' },
    ];
  }
}

// There is neither TextEncoder nor TextDecoder in every engine.
function utf8(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += 4096) {
    pieces.push(Array.from(bytes.subarray(at, at + 4096), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  }
  return decodeURIComponent(pieces.join(''));
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

export const codec = {
  Decoder,

  encode(target, request) {
    if (request.options.length > 0) throw failure('invalid-request', `this provider has no option "${request.options[0][0]}"`);
    const body = JSON.stringify({ model: request.model, messages: request.messages.map(message) });
    return {
      method: 'POST',
      url: `${target.baseUrl.replace(/\/+$/u, '')}/chat/completions`,
      headers: [{ name: 'content-type', value: 'application/json' }],
      body: [{ tag: 'bytes', val: encodeUtf8(body) }],
      credentials: ['api-key'],
      timeoutMillis: null,
    };
  },

  encodeTask(_target, task) {
    throw failure('invalid-request', `this provider has no task "${task.action}"`);
  },

  decodeModels() {
    throw failure('invalid-request', 'this provider lists no models');
  },
};

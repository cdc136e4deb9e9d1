import assert from 'node:assert/strict';
import test from 'node:test';
import { MAX_BYTES, codec, encodeUtf8 } from '../src/component.js';

const target = { baseUrl: 'https://llm.example/v1/', settings: '{}' };
const request = {
  model: 'm',
  messages: [
    { tag: 'system', val: 'Be brief.' },
    { tag: 'user', val: [{ tag: 'text', val: 'Grüße 🦀' }] },
  ],
  tools: [],
  options: [],
};

function decode(status, pieces) {
  const decoder = new codec.Decoder(target, status, []);
  return [...pieces.flatMap((piece) => decoder.push(piece)), ...decoder.finish()];
}

const failure = (events) => (events.length === 1 && events[0].tag === 'failed' ? events[0].val.kind : 'none');

test('asks with the conversation and the key', () => {
  const asked = codec.encode(target, request);
  assert.equal(asked.url, 'https://llm.example/v1/chat/completions');
  assert.deepEqual(asked.credentials, ['api-key']);
  const body = JSON.parse(new TextDecoder().decode(asked.body[0].val));
  assert.deepEqual(body.messages[1], { role: 'user', content: 'Grüße 🦀' });
});

test('refuses an option that it does not know', () => {
  assert.throws(() => codec.encode(target, { ...request, options: [['effort', '"high"']] }), { kind: 'invalid-request' });
});

test('any split of an answer reads the same', () => {
  const body = encodeUtf8('{"choices":[{"message":{"content":"Grüße 🦀"},"finish_reason":"stop"}]}');
  const expected = [
    { tag: 'text', val: 'Grüße 🦀' },
    { tag: 'stop', val: 'stop' },
  ];
  for (let at = 0; at < body.length; at += 1) {
    assert.deepEqual(decode(200, [body.subarray(0, at), body.subarray(at)]), expected);
  }
});

test('what is no answer has failed', () => {
  assert.equal(failure(decode(200, [encodeUtf8('{"choices"')])), 'protocol');
  assert.equal(failure(decode(200, [encodeUtf8('{}')])), 'protocol');
  for (const [status, kind] of [[401, 'authentication'], [429, 'rate-limited'], [503, 'unavailable'], [404, 'invalid-request']]) {
    assert.equal(failure(decode(status, [])), kind);
  }
});

test('an answer of the largest size is read and one byte more is refused', () => {
  const body = new Uint8Array(MAX_BYTES).fill(0x20);
  body.set(encodeUtf8('{"choices":[{"message":{"content":"Hi"}}]}'));
  assert.equal(decode(200, [body]).length, 2);
  assert.equal(failure(decode(200, [body, Uint8Array.of(0x20)])), 'protocol');
});

test('encodes as every other engine does', () => {
  for (const text of ['', 'a', 'Grüße', '5 €', '🦀 and more']) assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text));
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { AGAIN_MILLIS, POLL, TROUBLE_MILLIS, adapter, encodeUtf8 } from '../src/component.js';

function board(after, recovering = false) {
  const state = after === undefined ? [] : [{ key: 'after', value: encodeUtf8(String(after)) }];
  return new adapter.Connection('{"api-url":"https://board.example/"}', state, new Uint8Array(32), recovering);
}

const brought = (id, status, body) => ({ tag: 'http-response', val: { id, response: { status, headers: [], body: encodeUtf8(body) } } });
const broke = (id, sent) => ({ tag: 'http-failed', val: { id, failure: { kind: 'interrupted', sent, message: 'it broke off' } } });
const url = (effect) => effect.val.request.url;
const waits = (effects) => effects.find(({ tag }) => tag === 'set-timer')?.val.afterMillis;

const say = (text, final = true) => ({
  tag: 'outbound',
  val: { id: 9, attempt: 1, conversationId: 'r1', replyTo: null, content: { tag: 'text', val: { shown: [], text, final } } },
});

const HELLO = '[{"id":7,"room":"r1","from":"ada","direct":true,"text":"Hello"}]';

test('polls for what came after the last message that was taken', () => {
  assert.equal(url(board().start(0)[0]), 'https://board.example/messages?after=0');
  assert.equal(url(board(7).start(0)[0]), 'https://board.example/messages?after=7');
  assert.equal(url(board(undefined, true).start(0)[0]), 'https://board.example/messages?after=0&limit=1');
});

test('hands over messages before it asks for more', () => {
  const effects = board().handle(0, brought(POLL, 200, HELLO));
  assert.deepEqual(effects.map(({ tag }) => tag), ['inbound', 'state-put', 'health', 'http']);
  const message = effects[0].val.val;
  assert.deepEqual([message.key, message.sender.id, message.text, message.mentionsAgent], ['7', 'ada', 'Hello', true]);
  assert.equal(url(effects[3]), 'https://board.example/messages?after=7');
});

test('waits where nothing is new and longer where nothing answers', () => {
  const connection = board();
  assert.equal(waits(connection.handle(0, brought(POLL, 200, '[]'))), AGAIN_MILLIS);
  assert.equal(waits(connection.handle(0, brought(POLL, 200, 'no'))), TROUBLE_MILLIS);
  assert.equal(waits(connection.handle(0, brought(POLL, 500, ''))), TROUBLE_MILLIS);
  assert.equal(waits(connection.handle(0, broke(POLL, false))), TROUBLE_MILLIS);
  assert.equal(connection.handle(0, brought(POLL, 401, ''))[0].tag, 'fatal');
  assert.equal(url(connection.handle(0, { tag: 'timer', val: 0 })[0]), 'https://board.example/messages?after=0');
});

test('each outbound gets one outcome', () => {
  for (const [event, expected] of [
    [(id) => brought(id, 201, '{"id":8}'), { tag: 'delivered', val: ['8'] }],
    [(id) => brought(id, 200, ''), { tag: 'delivered', val: [] }],
    [(id) => brought(id, 429, ''), { tag: 'later', val: TROUBLE_MILLIS }],
    [(id) => broke(id, true), { tag: 'in-doubt', val: 'it broke off' }],
    [(id) => broke(id, false), { tag: 'later', val: TROUBLE_MILLIS }],
  ]) {
    const connection = board();
    const [{ val }] = connection.handle(0, say('Grüße'));
    assert.equal(new TextDecoder().decode(val.request.body[0].val), '{"room":"r1","text":"Grüße"}');
    assert.deepEqual(connection.handle(0, event(val.id)), [{ tag: 'outcome', val: { id: 9, outcome: expected } }]);
    assert.deepEqual(connection.handle(0, event(val.id)), []);
  }
  assert.deepEqual(board().handle(0, say('G', false))[0].val.outcome, { tag: 'delivered', val: [] });
});

test('steps over a message that crashed it', () => {
  const connection = board(6, true);
  const effects = connection.handle(0, { tag: 'poisoned', val: { status: 200, headers: [], body: encodeUtf8(HELLO) } });
  assert.deepEqual(effects.map(({ tag }) => tag), ['http-cancel', 'state-put', 'http']);
  assert.equal(url(effects[2]), 'https://board.example/messages?after=7&limit=1');
});

test('encodes as every other engine does', () => {
  for (const text of ['', 'a', 'Grüße', '5 €', '🦀 and more']) assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text));
});

// `wirken ask` against a scripted model: text, tool rounds and their cap, refusals and broken streams.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { baseUrl, callTool, requests, startModel } from './lib/model.mjs';
import { Wirken } from './lib/wirken.mjs';

const MAX_ROUNDS = 20;

const wirken = new Wirken();
let model;
before(async () => {
  model = await startModel();
  model.on({ userMessage: 'plain' }, { content: 'Grüße, 世界 👩‍🚀!' });
  model.on({ userMessage: 'files', hasToolResult: true }, { content: 'That is all there is.' });
  model.on({ userMessage: 'files', hasToolResult: false }, callTool(/list/, { path: '.' }));
  model.on({ userMessage: 'for ever' }, (request) => callTool(/list/, { path: '.' }, `call_${request.messages.length}`)(request));
  model.on({ userMessage: 'overloaded' }, { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 1 });
  model.on({ userMessage: 'broken' }, { content: 'one two three four five six seven eight nine ten' }, { truncateAfterChunks: 3, latency: 30 });
  await wirken.setupOpenai(baseUrl(model));
});
after(async () => {
  await wirken.dispose();
  await model?.stop();
});

test('answers, in any script', async () => {
  assert.match(await wirken.succeed(['ask', '-m', 'plain: ¿qué tal? 你好 🦀']), /Grüße, 世界 👩‍🚀!/);
  const [body] = requests(model).slice(-1);
  assert.match(JSON.stringify(body.messages), /¿qué tal\? 你好 🦀/);
  assert.equal(body.stream, true);
});

test('calls a tool and answers with its result', async () => {
  model.clearRequests();
  assert.match(await wirken.succeed(['ask', '-m', 'files']), /That is all there is\./);
  const last = requests(model).at(-1);
  assert.equal(requests(model).length, 2);
  assert.equal(last.messages.at(-1).role, 'tool');
  assert.equal(last.messages.at(-1).tool_call_id, 'call_1');
});

test('ends a turn that would go on for ever', async () => {
  model.clearRequests();
  const result = await wirken.command(['ask', '-m', 'for ever']);
  assert.equal(requests(model).length, MAX_ROUNDS);
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /20 times.*limit/);
});

test('says that the model refused, and fails', async () => {
  const result = await wirken.command(['ask', '-m', 'overloaded']);
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /rate|slow down|429/i);
});

test('shows what came of a broken stream, and fails', async () => {
  const result = await wirken.command(['ask', '-m', 'broken']);
  assert.notEqual(result.code, 0);
  assert.match(result.stdout, /one two/);
});

test('asks the gateway that runs, which shows the same', async () => {
  const alone = await wirken.command(['ask', '-m', 'files']);
  await wirken.start();
  try {
    assert.deepEqual(await wirken.command(['ask', '-m', 'files']), alone);
    const broken = await wirken.command(['ask', '-m', 'broken']);
    assert.notEqual(broken.code, 0);
    assert.match(broken.stdout, /one two/);
    assert.equal(JSON.parse(await wirken.succeed(['ask', '-m', 'plain', '--format', 'json'])).text, 'Grüße, 世界 👩‍🚀!');
    assert.deepEqual(JSON.parse(await wirken.succeed(['sessions', 'list', '--format', 'json'])).sessions, []);
  } finally {
    await wirken.stop();
  }
});

test('fails in one line when the model cannot be reached', async () => {
  const offline = new Wirken();
  try {
    await offline.setupOpenai('http://127.0.0.1:9/v1');
    const result = await offline.command(['ask', '-m', 'hello']);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /127\.0\.0\.1:9|connect/i);
    assert.doesNotMatch(result.stderr, /panicked|RUST_BACKTRACE/);
  } finally {
    await offline.dispose();
  }
});

test('leaves a ledger that verifies', async () => {
  await wirken.succeed(['audit', 'verify']);
  assert.ok(JSON.parse(await wirken.succeed(['sessions', 'list', '--format', 'json'])));
});

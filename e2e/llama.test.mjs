// `wirken ask` against llama.cpp's own server: its streams, its tool calls, its words for a wrong key and for too long a
// conversation.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Llama } from './lib/llama.mjs';
import { Wirken } from './lib/wirken.mjs';

// Of the model, in tokens; a character that it has no word for is at least one.
const CONTEXT = 32768;
// Not the other tests' key, which one of them looks for in the arguments of every process.
const KEY = 'sk-llama-0123456789abcdef';

const wirken = new Wirken();
let llama;
before(async () => {
  llama = await Llama.start(KEY);
  await wirken.setupOpenai(llama.baseUrl, 'chain', KEY);
});
after(async () => {
  await wirken.dispose();
  await llama?.stop();
});

test('streams its text', async () => {
  assert.equal(await wirken.succeed(['ask', '-m', 'hello']), 'Grüße, 世界 👩‍🚀 aus llama.cpp!\n');
});

test('carries out its tool call and gives it the result', async () => {
  const answer = JSON.parse(await wirken.succeed(['ask', '-m', 'which files?', '--format', 'json']));
  assert.equal(answer.text, 'Those are all of them.');
  assert.deepEqual(answer.tools.map(({ tool, arguments: given, outcome }) => [tool, given, outcome]), [['files_list', { path: './' }, 'ok']]);
});

test('says when the conversation is too long for the model', async () => {
  const result = await wirken.command(['ask', '-m', 'x'.repeat(CONTEXT + 1)]);
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /context/i);
});

test('says when the key is wrong', async () => {
  await wirken.succeed(['credentials', 'add', 'openai', 'api-key', '--stdin'], { stdin: 'sk-of-somebody-else' });
  const result = await wirken.command(['ask', '-m', 'hello']);
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /invalid api key/i);
  assert.doesNotMatch(result.stderr, /sk-of-somebody-else/);
});

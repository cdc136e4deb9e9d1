// What the other tests take for granted about the scripted model: streams, tool calls, refusals and breaks.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { baseUrl, callTool, startModel } from './lib/model.mjs';

const TOOLS = [{ type: 'function', function: { name: 'files_list', parameters: { type: 'object' } } }];

let model;
before(async () => {
  model = await startModel();
  model.on({ userMessage: 'plain' }, { content: 'Grüße, 世界 👩‍🚀!' });
  model.on({ userMessage: 'files', hasToolResult: true }, { content: 'done' });
  model.on({ userMessage: 'files', hasToolResult: false }, callTool(/list/, { path: '.' }));
  model.on({ userMessage: 'overloaded' }, { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 7 });
  model.on({ userMessage: 'broken' }, { content: 'one two three four five six seven eight' }, { truncateAfterChunks: 3, latency: 30 });
});
after(() => model?.stop());

const ask = (messages) =>
  fetch(`${baseUrl(model)}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
    body: JSON.stringify({ model: 'scripted', stream: true, messages, tools: TOOLS }),
  });

// The data lines of a stream, and whether it broke off.
async function stream(response) {
  let text = '';
  let broken = false;
  try {
    const decoder = new TextDecoder();
    for await (const chunk of response.body) text += decoder.decode(chunk, { stream: true });
  } catch {
    broken = true;
  }
  const lines = text.split('\n').filter((line) => line.startsWith('data: ')).map((line) => line.slice(6));
  return { broken, finished: lines.at(-1) === '[DONE]', chunks: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)) };
}

const content = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');
const user = (text) => ({ role: 'user', content: text });

test('streams text', async () => {
  const { chunks, finished } = await stream(await ask([user('plain')]));
  assert.equal(content(chunks), 'Grüße, 世界 👩‍🚀!');
  assert.ok(chunks.length > 3);
  assert.ok(finished);
});

test('streams a tool call, and text after its result', async () => {
  const first = await stream(await ask([user('files')]));
  const deltas = first.chunks.flatMap((chunk) => chunk.choices[0]?.delta?.tool_calls ?? []);
  assert.equal(deltas[0].function.name, 'files_list');
  assert.equal(deltas.map((delta) => delta.function.arguments ?? '').join(''), '{"path":"."}');
  assert.equal(first.chunks.at(-1).choices[0].finish_reason, 'tool_calls');
  const second = await stream(
    await ask([
      user('files'),
      { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'files_list', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'empty' },
    ]),
  );
  assert.equal(content(second.chunks), 'done');
});

test('refuses with 429 and a time to wait', async () => {
  const response = await ask([user('overloaded')]);
  assert.equal(response.status, 429);
  assert.equal(response.headers.get('retry-after'), '7');
});

test('breaks a stream off', async () => {
  const { broken, finished, chunks } = await stream(await ask([user('broken')]));
  assert.ok(!finished);
  assert.ok(broken || chunks.at(-1).choices[0].finish_reason == null);
});

test('answers an unexpected request with an error', async () => {
  assert.equal((await ask([user('something else')])).status, 503);
});

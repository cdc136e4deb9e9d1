import assert from 'node:assert/strict';
import test from 'node:test';
import { tools } from '../src/component.js';

const call = (given) => tools.call('{{tool}}', JSON.stringify(given))[0].val;

test('counts words', () => {
  assert.equal(call({ text: 'to be or not to be' }), '6 words');
  assert.equal(call({ text: 'To be or not to be', distinct: true }), '4 words');
  assert.equal(call({ text: ' one\n' }), '1 word');
});

test('says what is wrong with arguments', () => {
  for (const given of [{}, { text: 1 }, { text: 'a', words: 2 }, { text: ' ' }, null]) {
    assert.throws(() => call(given), { tag: 'invalid-arguments' }, JSON.stringify(given));
  }
  assert.throws(() => tools.call('{{tool}}', 'no'), { tag: 'invalid-arguments' });
  assert.throws(() => tools.call('other', '{}'), { tag: 'invalid-arguments' });
});

test('takes what is nested as deeply as a tool needs, and not what the stack does not hold', () => {
  const nested = (levels) => `{"text":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  assert.throws(() => tools.call('{{tool}}', nested(64)), { val: '"text" has to be a text' });
  for (const text of [nested(65), '['.repeat(100_000)]) {
    assert.throws(() => tools.call('{{tool}}', text), { tag: 'invalid-arguments', val: /nested deeper/u });
  }
  assert.equal(call({ text: '[{" \\ '.repeat(100) }), '200 words');
});

test('asks for nothing', () => {
  const [definition] = tools.definitions();
  assert.equal(JSON.parse(definition.inputSchema).type, 'object');
  assert.deepEqual(tools.plan(definition.name, '{"text":"a"}').intents, []);
});

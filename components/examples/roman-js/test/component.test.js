import assert from 'node:assert/strict';
import test from 'node:test';
import { tools } from '../src/component.js';
import { read, write } from '../src/numeral.js';

test('whatever is written is read again', () => {
  for (let number = 1; number <= 3999; number += 1) assert.equal(read(write(number)), number);
  for (const wrong of ['', 'IIII', 'IM', 'VX', 'MMMM', 'ABC']) assert.equal(read(wrong), null, wrong);
});

test('answers, and says what is wrong', () => {
  assert.deepEqual(tools.call('to_roman', '{"number":1994}'), [{ tag: 'text', val: 'MCMXCIV' }]);
  assert.deepEqual(tools.call('from_roman', '{"numeral":"mcmxciv"}'), [{ tag: 'text', val: '1994' }]);
  for (const [name, text] of [['to_roman', '{"number":0}'], ['to_roman', '{"number":"1"}'], ['from_roman', 'null'], ['to_roman', 'no'], ['toString', '{}']]) {
    assert.throws(() => tools.call(name, text), { tag: 'invalid-arguments' }, text);
  }
});

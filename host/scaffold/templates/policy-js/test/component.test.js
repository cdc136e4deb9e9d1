import assert from 'node:assert/strict';
import test from 'node:test';
import { rules } from '../src/component.js';

const context = { settings: '{"words":["Voldemort"]}' };

test('an answer with a banned word is withheld', () => {
  assert.equal(rules.reviewOutbound(context, 'It was VOLDEMORT!', true).tag, 'refuse');
  for (const text of ['', 'It was nobody.', 'voldemorts']) assert.equal(rules.reviewOutbound(context, text, true).tag, 'pass');
  assert.equal(rules.reviewOutbound({ settings: '{}' }, 'Voldemort', true).tag, 'pass');
});

test('a call with one is asked about', () => {
  assert.equal(rules.check(context, { arguments: '{"query":"voldemort"}' }, []).tag, 'ask');
  assert.equal(rules.check(context, { arguments: '{"query":"weather"}' }, []).tag, 'allow');
});

test('a text with one reaches the model and the record', () => {
  const found = rules.screen(context, { source: 'person', name: '', text: 'Who is Voldemort?' });
  assert.deepEqual(found, { decision: { tag: 'pass' }, findings: [{ rule: 'banned-word', severity: 1, excerpt: 'voldemort' }] });
  assert.deepEqual(rules.screen(context, { source: 'person', name: '', text: 'Who is it?' }).findings, []);
});

test('what it has no rule for passes', () => {
  assert.equal(rules.checkEffect(context, {}, {}).tag, 'allow');
  assert.equal(rules.review(context, {}, {}).tag, 'pass');
});

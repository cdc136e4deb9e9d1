// `wirken setup` and the vault's passphrase, at a terminal: questions, wrong answers, what is shown and what is kept.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { atTerminal, literally } from './lib/terminal.mjs';
import { Wirken } from './lib/wirken.mjs';

const KEY = 'sk-typed-0123456789abcdef';
const PASSPHRASE = 'correct horse battery staple';

const started = [];
after(() => Promise.all(started.map((wirken) => wirken.dispose())));

function installation() {
  const wirken = new Wirken();
  started.push(wirken);
  return wirken;
}

// Waits for these words, and not for a pattern.
const answering = (wirken, args, steps) => atTerminal(wirken, args, steps.map(([wait, type]) => [literally(wait), type]));

test('asks for what it needs, and again after an answer that it cannot take', async () => {
  const wirken = installation();
  const { code, shown } = await answering(
    wirken,
    ['setup'],
    [
      ['Provider [', 'dmeo'],
      ['did you mean demo?', ''],
      ['Model', ''],
      ['Folder', '/nowhere/at/all'],
      ['make it first', ''],
      ['Messenger', 'telegrm'],
      ['did you mean telegram?', ''],
    ],
  );
  assert.equal(code, 0, shown);
  assert.match(shown, /Ready: start with `wirken run`/);
  assert.match(await wirken.succeed(['ask', '-m', 'hello']), /demo/);
});

test('keeps a typed key under a typed passphrase, and shows neither', async () => {
  const wirken = installation();
  const { code, shown } = await answering(
    wirken,
    ['setup'],
    [
      ['Provider [', 'openai'],
      ['base-url [', 'foo'],
      ['base-url [', 'http://127.0.0.1:9/v1'],
      ['Model', 'any'],
      ['Folder', ''],
      ['API key', 'short'],
      ['API key', `  ${KEY} `],
      ['passphrase (p)', 'x'],
      ['passphrase (p)', 'p'],
      ['New passphrase', PASSPHRASE],
      ['once more', 'another one'],
      ['New passphrase', PASSPHRASE],
      ['once more', PASSPHRASE],
      ['Messenger', ''],
    ],
  );
  assert.equal(code, 0, shown);
  for (const said of ['is no URL', 'shorter than 8 bytes', 'neither p nor f', 'The two differ', 'Kept openai/api-key']) assert.ok(shown.includes(said), `${said}: ${shown}`);
  for (const secret of [KEY, PASSPHRASE]) assert.ok(!shown.includes(secret), shown);
  assert.ok(existsSync(join(wirken.data, 'vault/key.age')) && !existsSync(join(wirken.data, 'vault/key')));
  assert.ok(!readFileSync(join(wirken.data, 'config.toml'), 'utf8').includes(KEY));

  const wrong = await answering(wirken, ['credentials', 'list'], [['Passphrase', 'wrong']]);
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.shown, /does not open the vault/);
  const right = await answering(wirken, ['credentials', 'list'], [['Passphrase', PASSPHRASE]]);
  assert.equal(right.code, 0, right.shown);
  assert.match(right.shown, /api-key/);
});

test('connects a messenger, and keeps its token out of sight', async () => {
  const wirken = installation();
  const token = '123456789:AAtyped-token-of-a-bot-000000000000';
  const { code, shown } = await answering(
    wirken,
    ['setup'],
    [
      ['Provider [', 'demo'],
      ['Model', ''],
      ['Folder', ''],
      ['Messenger', 'telegram'],
      ['api-url [', 'http://127.0.0.1:9'],
      ['token', token],
      ['passphrase (p)', 'f'],
    ],
  );
  assert.equal(code, 0, shown);
  for (const said of ['Kept telegram/token', 'path-prefix:bot', 'wirken channel approve telegram CODE']) assert.ok(shown.includes(said), `${said}: ${shown}`);
  assert.ok(!shown.includes(token), shown);
  const config = readFileSync(join(wirken.data, 'config.toml'), 'utf8');
  assert.ok(config.includes('[channels.telegram]') && !config.includes(token), config);
});

test('writes nothing when the questions end', async () => {
  const wirken = installation();
  const { code, shown } = await answering(wirken, ['setup'], [['Provider [', 'openai'], ['base-url [', '\u0004']]);
  assert.notEqual(code, 0, shown);
  assert.match(shown, /nothing was changed/);
  assert.ok(!existsSync(join(wirken.data, 'config.toml')));
});

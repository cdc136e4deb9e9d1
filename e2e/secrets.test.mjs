// Where a provider's key may be found after a full run with everything logged: in no file, argument, environment, line of
// output or record, and on no page; not in plain, base64 or hex.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { launch } from './lib/browser.mjs';
import { baseUrl, callTool, startModel } from './lib/model.mjs';
import { Page } from './lib/page.mjs';
import { API_KEY, Wirken } from './lib/wirken.mjs';

const wirken = new Wirken();
wirken.log = 'trace';
let browser;
let model;
before(async () => {
  browser = await launch();
  model = await startModel();
  model.on({ userMessage: 'files', hasToolResult: true }, { content: 'That is all there is.' });
  model.on({ userMessage: 'files', hasToolResult: false }, callTool(/list/, { path: '.' }));
  model.on({ userMessage: 'read', hasToolResult: true }, { content: 'That could not be read.' });
  model.on({ userMessage: 'read', hasToolResult: false }, callTool(/read/, { path: 'settings.txt' }));
  model.on({ userMessage: 'echo' }, { content: `Your key is ${API_KEY}, is it not?` });
});
after(async () => {
  await browser?.close();
  await wirken.dispose();
  await model?.stop();
});

// Base64 of the key wherever it stands in a longer text: the characters that depend on it alone.
function base64(alphabet, offset) {
  const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(API_KEY)]).toString(alphabet).replace(/=+$/, '');
  const whole = (Buffer.byteLength(API_KEY) + offset) % 3 === 0;
  return text.slice(offset === 0 ? 0 : offset + 1, whole ? undefined : -1);
}

const FORMS = [
  ['plain', API_KEY],
  ['hex', Buffer.from(API_KEY).toString('hex')],
  ['upper-case hex', Buffer.from(API_KEY).toString('hex').toUpperCase()],
  ...['base64', 'base64url'].flatMap((alphabet) => [0, 1, 2].map((offset) => [`${alphabet} at ${offset}`, base64(alphabet, offset)])),
];

function refuse(where, bytes) {
  for (const [form, text] of FORMS) assert.equal(bytes.indexOf(text), -1, `${where} holds the key in ${form}`);
}

// How many files below a folder were searched.
function files(folder) {
  let count = 0;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const info = statSync(path);
    if (info.isDirectory()) count += files(path);
    if (!info.isFile()) continue;
    count += 1;
    refuse(path, readFileSync(path));
  }
  return count;
}

// The arguments and environments of all processes; returns which could be read.
function processes() {
  const seen = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [cmdline, environ] = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`));
      seen.push(Number(pid));
      refuse(`/proc/${pid}/cmdline`, cmdline);
      refuse(`/proc/${pid}/environ`, environ);
    } catch (error) {
      // Ended meanwhile, or somebody else's.
      if (!['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(error.code)) throw error;
    }
  }
  return seen;
}

test('a full run leaves the key nowhere', async () => {
  // A key that is typed in, one that is read from a file, a list, a removal, and again.
  await wirken.setupOpenai(baseUrl(model));
  const file = join(wirken.home, 'key');
  writeFileSync(file, API_KEY, { mode: 0o600 });
  const outputs = [];
  const command = async (...args) => {
    const { stdout, stderr } = await wirken.command(args);
    outputs.push([`the output of ${args.join(' ')}`, stdout + stderr]);
    return stdout;
  };
  await command('credentials', 'add', 'openai', 'api-key', '--value-file', file);
  unlinkSync(file);
  assert.match(await command('credentials', 'list'), /api-key/);
  assert.match(await command('ask', '-m', 'files'), /That is all there is/);

  await wirken.start();
  const page = await Page.open(browser, wirken.loginUrl);
  await page.loggedIn();
  // The same key, handed to the gateway while it runs, and a question that it answers with it.
  writeFileSync(file, API_KEY, { mode: 0o600 });
  await command('credentials', 'add', 'openai', 'api-key', '--value-file', file);
  unlinkSync(file);
  assert.match(await command('ask', '-m', 'files'), /That is all there is/);
  await page.send('files');
  await page.answer('That is all there is.');
  assert.ok(processes().includes(wirken.child.pid));
  // A model that knows the key tells nobody, though it tells it in pieces.
  await page.send('echo');
  await page.get('note').filter({ hasText: /api-key/ }).waitFor();
  await page.idle();
  // Nor does a tool that finds it, and a person is told not to say it.
  writeFileSync(join(wirken.data, 'workspace', 'settings.txt'), `KEY=${API_KEY}\n`);
  await page.send('read');
  await page.answer('That could not be read.', 2);
  unlinkSync(join(wirken.data, 'workspace', 'settings.txt'));
  await page.send(`my key is ${API_KEY}`);
  await page.get('banner').filter({ hasText: /holds the value of the credential openai\/api-key/ }).waitFor();
  await page.type('');
  outputs.push(['the page', await page.tab.content()]);
  for (const line of ['status', 'component list', 'sessions list', 'audit log', 'audit verify', 'credentials list']) {
    await command(...line.split(' '), '--format', 'json');
  }
  await wirken.stop();
  outputs.push(['the output of run', wirken.stdout + wirken.stderr]);
  const stopped = await command('audit', 'log', '--action', 'leak-stopped', '--format', 'json');
  for (const direction of ['incoming', 'tool-result', 'message']) assert.match(stopped, new RegExp(`"${direction}"`));

  // What was sent had it, and what is searched is there.
  assert.ok(model.getRequests().length >= 8);
  assert.ok(model.getRequests().every((entry) => entry.headers.authorization !== undefined));
  assert.match(wirken.stderr, /ready/, 'something was logged');
  for (const [where, text] of outputs) refuse(where, text);
  assert.ok(files(wirken.root) > 8);
});

test('the search finds what is there', async () => {
  for (const text of [`x${API_KEY}`, ...['base64', 'base64url', 'hex'].map((form) => Buffer.from(`x${API_KEY}y`).toString(form))]) {
    const planted = join(wirken.home, 'planted');
    writeFileSync(planted, text);
    assert.throws(() => files(wirken.root), /planted holds the key/);
    unlinkSync(planted);
  }
  const wait = ['-e', 'setTimeout(() => {}, 30_000)'];
  for (const [args, env] of [[[...wait, API_KEY], {}], [wait, { PLANTED: API_KEY }]]) {
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env } });
    await new Promise((done) => child.on('spawn', done));
    assert.throws(() => processes(), /holds the key in plain/);
    child.kill();
    await new Promise((done) => child.on('close', done));
  }
});

// The gateway, killed at random while it answers: each message belongs to exactly one turn that ended, and no tool call
// starts twice.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch } from './lib/browser.mjs';
import { baseUrl, callTool, startModel } from './lib/model.mjs';
import { Page } from './lib/page.mjs';
import { Wirken } from './lib/wirken.mjs';

const KILLS = 8;
// An answer takes about this long.
const ANSWER_MS = 700;

const wirken = new Wirken();
let browser;
let model;
before(async () => {
  browser = await launch();
  model = await startModel();
  const files = Array.from({ length: 6 }, (_, i) => `file${i}`).join(' ');
  model.on({ userMessage: 'files', hasToolResult: true }, { content: `I wrote ${files}` }, { latency: 40 });
  model.on({ userMessage: 'files', hasToolResult: false }, callTool(/write/, { path: 'a.txt', content: files }), { latency: 40 });
  await wirken.setupOpenai(baseUrl(model));
});
after(async () => {
  await browser?.close();
  await wirken.dispose();
  await model?.stop();
});

const events = async () => JSON.parse(await wirken.succeed(['audit', 'log', '-n', '10000', '--format', 'json'])).rows.map((row) => row.event);

test('is killed at random, and loses and doubles nothing', async () => {
  let killedAtWork = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    await wirken.start();
    const page = await Page.open(browser, wirken.loginUrl);
    await page.loggedIn();
    await page.send(`files, please (${kill})`);
    await page.messages('user').filter({ hasText: `(${kill})` }).waitFor();
    await page.tab.waitForTimeout(Math.random() * ANSWER_MS);
    if (await page.get('stop').isVisible()) killedAtWork += 1;
    await wirken.stop('SIGKILL');
    await page.close();
  }
  assert.ok(killedAtWork > 0, 'no kill met an answer under way');
  await wirken.start();
  const ends = (all) => all.filter(({ kind }) => ['turn-finished', 'turn-interrupted'].includes(kind));
  let all = await events();
  for (let wait = 0; ends(all).length < KILLS && wait < 100; wait += 1) {
    await new Promise((done) => setTimeout(done, 100));
    all = await events();
  }
  await wirken.stop();

  const inbounds = all.filter(({ kind }) => kind === 'inbound');
  assert.equal(inbounds.length, KILLS);
  for (const { turn } of inbounds) assert.equal(ends(all).filter((end) => end.turn === turn).length, 1, `turn ${turn}`);
  const started = all.filter(({ kind }) => kind === 'tool-started').map(({ turn, call_id }) => `${turn} ${call_id}`);
  assert.equal(new Set(started).size, started.length, 'a call was started twice');
  assert.ok(all.some(({ kind }) => kind === 'turn-resumed'), 'nothing was taken up');
  await wirken.succeed(['audit', 'verify']);
});

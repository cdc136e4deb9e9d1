// What a call may do only once a person allowed it: asked in the chat and in the view of permissions, answered once,
// kept over a restart, remembered, revoked.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { launch } from './lib/browser.mjs';
import { baseUrl, callTool, requests, startModel } from './lib/model.mjs';
import { Page } from './lib/page.mjs';
import { Wirken } from './lib/wirken.mjs';

// How long the buttons take no press after they came to where they are.
const DEAD_MS = 500;
const HOSTILE = '</pre><img src="http://127.0.0.1:9/pixel.png" onerror="document.title=\'pwned\'">\u202Esj.exe\u200B';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

// What the last tool of a request answered.
const toolResult = (request) => {
  const { content } = request.messages.findLast(({ role }) => role === 'tool');
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('');
};

const events = async (wirken) => JSON.parse(await wirken.succeed(['audit', 'log', '-n', '10000', '--format', 'json'])).rows.map((row) => row.event);
const ofKind = async (wirken, wanted) => (await events(wirken)).filter(({ kind }) => kind === wanted);

describe('with a model that runs programs', () => {
  const wirken = new Wirken();
  let model;
  let page;
  before(async () => {
    model = await startModel();
    const calls = (message, args) => {
      model.on({ userMessage: message, hasToolResult: true }, (request) => ({ content: `It said: ${toolResult(request)}` }));
      model.on({ userMessage: message, hasToolResult: false }, callTool(/exec/, args));
    };
    calls('list', { program: 'ls' });
    calls('remove', { program: 'rm', arguments: ['notes.txt'] });
    calls('hostile', { program: 'rm', arguments: [HOSTILE] });
    calls('watch', { program: 'sh', arguments: ['-c', 'echo first; until [ -e go ]; do sleep 0.1; done; echo last'] });
    model.on({ userMessage: 'plain' }, { content: 'Just words.' });
    await wirken.setupOpenai(baseUrl(model));
    wirken.runPrograms();
    await wirken.start();
    page = await Page.open(browser, wirken.loginUrl);
    await page.loggedIn();
  });
  after(async () => {
    await wirken.dispose();
    await model?.stop();
  });

  const card = (on = page) => on.get('approval').last();
  const button = (choice, on = page) => card(on).getByTestId(`approval-${choice}`);
  // As a person does: finds the buttons, and presses once they stand still.
  async function press(choice, on = page) {
    await button(choice, on).scrollIntoViewIfNeeded();
    // The scrolling is seen by then.
    await on.tab.waitForTimeout(DEAD_MS / 2);
    await card(on).locator(`[data-choice="${choice}"][aria-disabled="false"]`).click();
  }
  const offered = async (on = page) => card(on).locator('[data-choice]').evaluateAll((all) => all.map(({ dataset }) => dataset.choice));

  // Says something in a new chat, and waits for the question.
  async function ask(text, on = page) {
    await on.get('new-session').click();
    await on.tab.waitForFunction(() => document.querySelectorAll('[data-testid="message"]').length === 0);
    await on.send(text);
    await on.tab.locator('[data-testid="approval"][data-state="open"]').waitFor();
  }

  const settled = (on = page) => on.tab.locator('[data-testid="approval"][data-state="settled"]').last();

  test('shows what the host made first and the claim last, and offers what its tier allows', async () => {
    await ask('list');
    const text = await card().innerText();
    const at = (words) => {
      assert.ok(text.includes(words), `${words} is not in: ${text}`);
      return text.indexOf(words);
    };
    assert.match(text, /Tier 2/);
    assert.ok(at('Component') < at('Arguments') && at('Arguments') < at('Action') && at('Action') < at('The component itself says'));
    assert.match(text, /digest [0-9a-f]{64}/);
    assert.match(await card().getByTestId('approval-verbatim').first().innerText(), /"program":\s*"ls"/);
    assert.match(await card().getByTestId('approval-time').innerText(), /^Expires in \d+/);
    assert.deepEqual(await offered(), ['deny', 'once', 'session', 'remember']);
    assert.match(await button('remember').innerText(), /^Allow for 30 days$/);
    await page.tab.locator('[data-testid="session-item"][data-state="waiting"]').waitFor();
    await page.get('pending-count').filter({ hasText: '1' }).waitFor();
    assert.equal(await page.get('tool-call').last().getAttribute('data-state'), 'asking');
    assert.equal((await ofKind(wirken, 'tool-started')).length, 0);
  });

  test('an Enter in the message field answers nothing, and the buttons are dead at first', async () => {
    const composer = page.get('composer');
    await composer.focus();
    for (let n = 0; n < 3; n += 1) await composer.press('Enter');
    assert.equal(await card().evaluate((root) => root.contains(document.activeElement)), false);
    assert.equal(await card().getAttribute('data-state'), 'open');

    // It comes to where the pointer is just then: a press is for what was there before.
    await page.tab.waitForTimeout(2 * DEAD_MS);
    assert.equal(await button('once').getAttribute('aria-disabled'), 'false');
    await card().evaluate((root) => (root.style.marginTop = '40px'));
    await button('once').dispatchEvent('pointerdown');
    await button('once').dispatchEvent('click', { detail: 1 });
    assert.equal(await card().getAttribute('data-state'), 'open');
    assert.match(await card().getByTestId('approval-status').innerText(), /moved/);
    assert.equal((await ofKind(wirken, 'approval-answered')).length, 0);
    await card().evaluate((root) => (root.style.marginTop = ''));
  });

  test('allows once: the program runs, and the answer goes on', async () => {
    await press('once');
    await settled().filter({ hasText: 'Allowed once by owner through WebChat' }).waitFor();
    await page.messages('assistant').filter({ hasText: 'It said:' }).waitFor();
    await page.idle();
    assert.equal(await page.get('tool-call').last().getAttribute('data-state'), 'ok');
    assert.deepEqual((await ofKind(wirken, 'effect-finished')).map(({ outcome }) => outcome), ['ok']);
    assert.equal((await ofKind(wirken, 'tool-started')).length, 1);
    await page.get('pending-count').waitFor({ state: 'hidden' });
    assert.equal(await page.tab.locator('[data-testid="session-item"][data-state="waiting"]').count(), 0);
    assert.equal((await ofKind(wirken, 'granted')).length, 0);
  });

  test('shows what a program writes while it writes it, and then its result', async () => {
    await ask('watch');
    await press('once');
    const call = page.get('tool-call').last();
    const output = call.getByTestId('tool-output');
    await output.filter({ hasText: 'first' }).waitFor();
    // The program goes on until it is told: this is no result yet.
    assert.equal(await call.getAttribute('data-state'), 'running');
    assert.doesNotMatch(await output.innerText(), /last/);
    assert.equal(await page.messages('assistant').count(), 0);
    writeFileSync(join(wirken.workspace, 'go'), '');
    await page.messages('assistant').filter({ hasText: 'It said:' }).waitFor();
    await page.idle();
    assert.equal(await call.getAttribute('data-state'), 'ok');
    assert.equal(await output.count(), 0);
    assert.match(toolResult(requests(model).at(-1)), /first[^]*last/);
  });

  test('denies by the keyboard, with a note that the model is told and no allowing button takes', async () => {
    const started = (await ofKind(wirken, 'tool-started')).length;
    await ask('remove');
    assert.deepEqual(await offered(), ['deny', 'once']);
    const note = card().getByTestId('approval-note');
    await note.fill('Keep that file, please.');
    await press('once');
    await card().getByTestId('approval-status').filter({ hasText: 'goes with Deny' }).waitFor();
    await note.focus();
    await page.tab.keyboard.press('Tab');
    assert.equal(await button('deny').evaluate((element) => element === document.activeElement), true);
    await page.tab.waitForTimeout(2 * DEAD_MS);
    await page.tab.keyboard.press('Enter');
    await settled().filter({ hasText: 'Denied by owner through WebChat' }).filter({ hasText: 'Keep that file, please.' }).waitFor();
    await page.messages('assistant').filter({ hasText: 'Keep that file, please.' }).waitFor();
    await page.idle();
    assert.equal(await page.get('tool-call').last().getAttribute('data-state'), 'denied');
    assert.match(toolResult(requests(model).at(-1)), /Keep that file, please\./);
    assert.equal((await ofKind(wirken, 'tool-started')).length, started);
  });

  test('a note has a bound', async () => {
    await ask('remove');
    await card().getByTestId('approval-note').fill('ü'.repeat(1001));
    await press('deny');
    await card().getByTestId('approval-status').filter({ hasText: '1 characters too long' }).waitFor();
    await card().getByTestId('approval-note').fill('ü'.repeat(1000));
    await press('deny');
    await settled().waitFor();
    await page.idle();
  });

  test('shows hostile arguments letter by letter, and runs and fetches none of it', async () => {
    await ask('hostile');
    const shown = await card().getByTestId('approval-verbatim').first().innerText();
    assert.match(shown, /\\u\{202e\}sj\.exe\\u\{200b\}/);
    assert.match(shown, /<img src=/);
    assert.equal(await card().locator('img, script, a[href^="javascript:"]').count(), 0);
    assert.doesNotMatch(await card().innerText(), /[\u202A-\u202E\u2066-\u2069\u200B]/);
    assert.doesNotMatch(await page.tab.title(), /pwned/);
    await press('deny');
    await settled().waitFor();
    await page.idle();
    page.assertClean();
  });

  test('is answered on a second page, and both show it', async () => {
    await ask('list');
    const other = await Page.open(browser, await wirken.newLoginUrl());
    await other.loggedIn();
    await other.get('permissions-open').click();
    await card(other).waitFor();
    await other.get('approval-where').filter({ hasText: 'list' }).waitFor();
    await press('deny', other);
    await settled(other).filter({ hasText: 'Denied' }).waitFor();
    await settled().filter({ hasText: 'Denied by owner' }).waitFor();
    await page.idle();

    // Both at once: one of the two is taken.
    await ask('remove');
    const answered = (await ofKind(wirken, 'approval-answered')).length;
    await other.tab.locator('[data-testid="approval"][data-state="open"]').waitFor();
    await other.tab.waitForTimeout(2 * DEAD_MS);
    const pressed = (choice) => document.querySelector(`[data-state="open"] [data-choice="${choice}"]`)?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    await Promise.all([page.tab.evaluate(pressed, 'deny'), other.tab.evaluate(pressed, 'once')]);
    await settled().waitFor();
    await other.tab.waitForFunction(() => document.querySelectorAll('[data-testid="approval"][data-state="open"], [data-state="sending"]').length === 0);
    await page.idle();
    assert.equal((await ofKind(wirken, 'approval-answered')).length, answered + 1);
    await other.tab.keyboard.press('Escape');
    await other.get('permissions').waitFor({ state: 'hidden' });
    other.assertClean();
    await other.close();
  });

  test('remembers for the session, asks no more there, and asks again once that is revoked', async () => {
    await ask('list');
    await press('session');
    await settled().filter({ hasText: 'Allowed for this session' }).waitFor();
    await page.answer('It said:');
    await page.send('list');
    await page.messages('assistant').nth(1).filter({ hasText: 'It said:' }).waitFor();
    await page.idle();
    assert.equal(await page.get('approval').count(), 1);

    const chat = new URL(page.tab.url()).hash;
    await page.get('permissions-open').click();
    const grant = page.get('grant').first();
    await grant.filter({ hasText: 'run ls' }).waitFor();
    const rights = await page.get('grant').count();
    await grant.getByTestId('revoke').click();
    await page.tab.waitForFunction((n) => document.querySelectorAll('[data-testid="grant"]').length === n, rights - 1);
    assert.equal((await ofKind(wirken, 'grant-revoked')).length, 1);
    await page.get('permissions-close').click();
    assert.equal(new URL(page.tab.url()).hash, chat);

    await page.messages('assistant').nth(1).waitFor();
    await page.send('list');
    await page.tab.locator('[data-testid="approval"][data-state="open"]').waitFor();
    await press('deny');
    await page.idle();
  });

  test('remembers for days in every chat, on the view of permissions, until it is revoked', async () => {
    await ask('list');
    await press('remember');
    await settled().filter({ hasText: 'Allowed, and remembered' }).waitFor();
    await page.answer('It said:');
    await page.get('new-session').click();
    await page.send('list');
    await page.answer('It said:');
    assert.equal(await page.get('approval').count(), 0);

    await page.get('permissions-open').click();
    const grant = page.get('grant').filter({ hasText: 'run ls' });
    await grant.waitFor();
    assert.match(await grant.innerText(), /Until .*\d{4}/);
    assert.match(await grant.innerText(), /For owner at webchat/);
    await grant.getByTestId('revoke').click();
    await grant.waitFor({ state: 'detached' });
    await ask('list');
    await press('deny');
    await page.idle();
  });

  test('a turn that is stopped takes its question with it', async () => {
    await ask('remove');
    await page.get('stop').click();
    await settled().waitFor();
    await page.idle();
    await page.get('pending-count').waitFor({ state: 'hidden' });
    await page.send('plain');
    await page.messages('assistant').last().filter({ hasText: 'Just words.' }).waitFor();
    await page.idle();
  });

  test('the ledger of the chat tells who was asked, and what was answered', async () => {
    await page.get('ledger-toggle').click();
    const row = (kind) => page.tab.locator(`[data-testid="ledger-row"][data-kind="${kind}"]`).first();
    await row('approval-asked').filter({ hasText: 'A person was asked to allow what the tool' }).waitFor();
    await page.get('verify-result').filter({ hasText: /^ok: \d+ rows/ }).waitFor();
    await page.get('ledger-close').click();
  });

  test('asks no other host and logs no error', () => page.assertClean());

  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`keeps the question over a restart by ${signal}`, async () => {
      await ask('remove');
      const approval = await card().getAttribute('data-approval');
      await wirken.stop(signal);
      await page.close();
      await wirken.start();
      page = await Page.open(browser, wirken.loginUrl);
      await page.loggedIn();
      await page.tab.locator('[data-testid="session-item"][data-state="waiting"]').click();
      await card().waitFor();
      assert.equal(await card().getAttribute('data-approval'), approval);
      await press('deny');
      await settled().filter({ hasText: 'Denied by owner' }).waitFor();
      await page.messages('assistant').filter({ hasText: 'It said:' }).waitFor();
      await page.idle();
      const asked = (await ofKind(wirken, 'approval-asked')).filter((event) => event.approval === approval);
      assert.equal(asked.length, 1);
    });
  }

  test('answers a question on a phone, by buttons that a finger finds', async () => {
    const phone = await Page.open(browser, await wirken.newLoginUrl(), { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true });
    await phone.loggedIn();
    await phone.send('hostile');
    await phone.tab.locator('[data-testid="approval"][data-state="open"]').waitFor();
    const overflow = await phone.tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0);
    for (const choice of ['deny', 'once']) {
      const { width, height } = await button(choice, phone).boundingBox();
      assert.ok(width >= 44 && height >= 44, `${choice} is ${width} by ${height}`);
    }
    await press('deny', phone);
    await settled(phone).filter({ hasText: 'Denied' }).waitFor();
    await phone.idle();
    phone.assertClean();
    await phone.close();
  });

  test('what was recorded verifies', () => wirken.succeed(['audit', 'verify']));
});

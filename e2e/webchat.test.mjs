// The page, as a person meets it: log-in, chat, tools, stop, history, the ledger, and what a stranger is refused.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch } from './lib/browser.mjs';
import { handshake, status } from './lib/http.mjs';
import { baseUrl, callTool, startModel } from './lib/model.mjs';
import { Page } from './lib/page.mjs';
import { Wirken } from './lib/wirken.mjs';

const SLOW_TEXT = Array.from({ length: 200 }, (_, i) => `word${i}`).join(' ');
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
// The least that a finger finds.
const FINGER = 44;
const HOSTILE_MARKDOWN = [
  '![picture](http://127.0.0.1:9/pixel.png)',
  '<img src="http://127.0.0.1:9/pixel.png" onerror="document.title=\'pwned\'">',
  '<script>document.title = "pwned"</script>',
  '[link](javascript:document.title="pwned")',
  '**bold-after**',
].join('\n\n');

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

describe('with the demo provider', () => {
  const wirken = new Wirken();
  let page;
  before(async () => {
    await wirken.setupDemo();
    await wirken.start();
    page = await Page.open(browser, wirken.loginUrl);
  });
  after(() => wirken.dispose());

  test('logs in by the printed URL and keeps the token out of the address bar', async () => {
    await page.loggedIn();
    assert.ok(!page.tab.url().includes('login='), page.tab.url());
    const [cookie] = await page.context.cookies();
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, 'Strict');
  });

  test('answers, sent by the Enter key; Shift and Enter make a new line', async () => {
    const composer = page.get('composer');
    await composer.focus();
    await composer.press('H');
    await composer.press('Shift+Enter');
    await composer.press('i');
    assert.equal(await composer.inputValue(), 'H\ni');
    await composer.press('Enter');
    await page.messages('user').filter({ hasText: 'H' }).waitFor();
    await page.messages('assistant').first().waitFor();
    await page.idle();
    assert.equal(await composer.inputValue(), '');
    assert.notEqual((await page.messages('assistant').first().innerText()).trim(), '');
  });

  test('shows what was recorded, and that it verifies', async () => {
    if (!(await page.get('ledger').isVisible())) await page.get('ledger-toggle').click();
    await page.get('ledger-row').first().waitFor();
    assert.ok((await page.get('ledger-row').count()) >= 5);
    const verified = page.get('verify-result').filter({ hasText: /^ok: \d+ rows/ });
    await verified.waitFor();
    assert.equal(await verified.getAttribute('data-state'), 'ok');
  });

  test('has sessions: a new one is empty, the old one keeps its history', async () => {
    const before = await page.messages('user').count();
    assert.ok(before >= 1);
    const sessions = await page.get('session-item').count();
    await page.get('new-session').click();
    await page.tab.waitForFunction(() => document.querySelectorAll('[data-testid="message"]').length === 0);
    await page.send('hello from the second session');
    await page.messages('assistant').first().waitFor();
    await page.idle();
    assert.equal(await page.messages('user').count(), 1);
    await page.tab.waitForFunction((n) => document.querySelectorAll('[data-testid="session-item"]').length === n, sessions + 1);
    await page.get('session-item').filter({ hasNotText: 'second session' }).last().click();
    await page.tab.waitForFunction((n) => document.querySelectorAll('[data-testid="message"][data-role="user"]').length === n, before);
  });

  test('closes the ledger by Escape, and begins a new chat by Ctrl and K', async () => {
    await page.get('session-item').first().click();
    await page.messages('user').first().waitFor();
    if (!(await page.get('ledger').isVisible())) await page.get('ledger-toggle').click();
    await page.get('ledger-row').first().waitFor();
    await page.tab.keyboard.press('Escape');
    await page.get('ledger').waitFor({ state: 'hidden' });
    assert.equal(await page.get('ledger-toggle').getAttribute('aria-expanded'), 'false');

    await page.tab.keyboard.press('Control+k');
    await page.get('suggestion').first().waitFor();
    assert.equal(await page.get('message').count(), 0);
    assert.equal(new URL(page.tab.url()).hash, '');
    assert.equal(await page.get('composer').evaluate((field) => field === document.activeElement), true);
  });

  test('suggests what to write, leaves the sending to the person, and own words alone', async () => {
    await page.get('new-session').click();
    const suggestions = page.get('suggestion');
    const texts = await suggestions.allInnerTexts();
    assert.equal(texts.length, 3);
    for (const text of texts) {
      await suggestions.filter({ hasText: text }).click();
      assert.equal(await page.get('composer').inputValue(), text);
    }
    assert.equal(await page.get('message').count(), 0);
    await page.type('my own words');
    await suggestions.first().waitFor({ state: 'hidden' });
    await page.type('');
    await suggestions.first().click();
    await page.get('composer').press('Enter');
    await page.messages('user').filter({ hasText: texts[0] }).waitFor();
    await suggestions.first().waitFor({ state: 'hidden' });
    await page.messages('assistant').first().waitFor();
    await page.idle();
  });

  test('closes a chat once that is confirmed: it stays readable, and takes no more messages', async () => {
    const composer = page.get('composer');
    await page.get('new-session').click();
    await page.send('these are the last words');
    await page.messages('assistant').first().waitFor();
    await page.idle();
    await page.get('close-session').click();
    await page.get('confirm-no').click();
    await page.get('confirm-no').waitFor({ state: 'hidden' });
    assert.equal(await composer.isEnabled(), true);

    await page.get('close-session').click();
    await page.get('confirm-yes').click();
    const closed = async () => {
      await page.get('note').filter({ hasText: 'This chat is closed' }).waitFor();
      await page.get('close-session').waitFor({ state: 'hidden' });
      assert.equal(await composer.isDisabled(), true);
      assert.equal(await page.get('send').isDisabled(), true);
      assert.equal(await page.messages('user').count(), 1);
      assert.equal(await page.get('session-item').filter({ hasText: 'the last words' }).getAttribute('data-state'), 'closed');
    };
    await closed();
    await page.tab.reload();
    await closed();
  });

  test('asks no other host and logs no error', () => page.assertClean());

  test('refuses a reused token', async () => {
    const second = await Page.open(browser, wirken.loginUrl);
    await second.get('login-error').waitFor();
    assert.equal(await second.get('composer').isVisible(), false);
    await second.close();
  });

  test('refuses a token that was never given', async () => {
    const stranger = await Page.open(browser, `${wirken.origin}/#login=${'A'.repeat(43)}`);
    await stranger.get('login-error').waitFor();
    assert.equal(await stranger.get('composer').isVisible(), false);
    await stranger.close();
  });

  test('prints a new log-in URL on request', async () => {
    const other = await Page.open(browser, await wirken.newLoginUrl());
    await other.loggedIn();
    await other.close();
  });

  test('refuses a hostile Origin and a hostile Host, on HTTP and on its socket', async () => {
    const cookie = (await page.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    assert.ok(page.sockets.length > 0, 'the page opened no socket');
    const path = new URL(page.sockets[0]).pathname;
    const host = `127.0.0.1:${wirken.port}`;
    const { port, origin } = wirken;
    const key = await page.tab.evaluate(() => localStorage.getItem('wirken.key'));
    const protocols = { 'sec-websocket-protocol': `wirken-1, ${key}` };

    assert.equal((await status(port, '/', { host })).status, 200);
    assert.equal((await status(port, '/api/status', { host, cookie, 'x-wirken-key': key })).status, 200);
    assert.equal(await handshake(port, path, { host, origin, cookie, ...protocols }), 101);

    const refused = (code) => assert.ok(code >= 400 && code < 500, `was answered ${code}`);
    for (const bad of ['http://evil.example', `http://evil.example:${port}`, 'null', `https://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`]) {
      refused((await status(port, '/', { host, origin: bad, cookie })).status);
      refused(await handshake(port, path, { host, origin: bad, cookie, ...protocols }));
    }
    for (const bad of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, `127.0.0.1:${port + 1}`]) {
      refused((await status(port, '/', { host: bad, cookie })).status);
      refused(await handshake(port, path, { host: bad, origin, cookie, ...protocols }));
    }
    // No Origin and no cookie: nothing that a page elsewhere, or a stranger's program, could use.
    refused(await handshake(port, path, { host, cookie, ...protocols }));
    refused(await handshake(port, path, { host, origin, ...protocols }));
    // A cookie goes to every port of this machine: alone it opens nothing.
    refused(await handshake(port, path, { host, origin, cookie }));
    refused((await status(port, '/api/status', { host, cookie })).status);
  });

  test('sends headers that keep other pages and other code out', async () => {
    const { headers } = await status(wirken.port, '/', { host: `127.0.0.1:${wirken.port}` });
    const policy = headers['content-security-policy'];
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
  });

  test('is light or dark as the person prefers, readable in both', async () => {
    const seen = [];
    for (const scheme of ['light', 'dark']) {
      await page.tab.emulateMedia({ colorScheme: scheme });
      const [ground, ink] = await page.tab.evaluate(() => {
        const style = getComputedStyle(document.body);
        const canvas = document.createElement('canvas').getContext('2d');
        const luminance = (color) => {
          canvas.fillStyle = color;
          canvas.fillRect(0, 0, 1, 1);
          const linear = [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((byte) => {
            const c = byte / 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        };
        return [luminance(style.backgroundColor), luminance(style.color)];
      });
      seen.push(ground);
      const contrast = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
      assert.ok(contrast >= 7, `${scheme}: contrast ${contrast.toFixed(1)}`);
    }
    assert.ok(seen[0] > 0.7 && seen[1] < 0.1, `light ${seen[0]}, dark ${seen[1]}`);
  });

  test('fits a phone with nothing to scroll sideways, and chats there', async () => {
    const phone = await Page.open(browser, await wirken.newLoginUrl(), PHONE);
    await phone.loggedIn();
    await phone.send(`a word that breaks nowhere: ${'x'.repeat(300)}`);
    await phone.messages('assistant').first().waitFor();
    await phone.idle();
    const overflow = await phone.tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0);
    for (const id of ['composer', 'send']) {
      const box = await phone.get(id).boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 360 && box.y + box.height <= 740, `${id} is out of sight: ${JSON.stringify(box)}`);
    }
    phone.assertClean();
    await phone.close();
  });

  test('opens the chats and the ledger on a phone, by buttons that a finger finds', async () => {
    const phone = await Page.open(browser, await wirken.newLoginUrl(), PHONE);
    await phone.loggedIn();
    for (const text of ['hello from a phone', 'hello', 'hello']) {
      const number = (await phone.messages('assistant').count()) + 1;
      await phone.send(text);
      await phone.answer('demo', number);
    }
    for (const id of ['send', 'drawer-open', 'close-session', 'ledger-toggle']) {
      const { width, height } = await phone.get(id).boundingBox();
      assert.ok(width >= FINGER && height >= FINGER, `${id} is ${width} by ${height}`);
    }

    assert.equal(await phone.get('new-session').isVisible(), false);
    await phone.get('drawer-open').tap();
    await phone.get('new-session').tap();
    await phone.get('new-session').waitFor({ state: 'hidden' });
    assert.equal(await phone.messages('user').count(), 0);
    await phone.get('drawer-open').tap();
    await phone.get('session-item').filter({ hasText: 'hello from a phone' }).tap();
    await phone.get('new-session').waitFor({ state: 'hidden' });
    await phone.messages('user').nth(2).waitFor();

    await phone.get('ledger-toggle').tap();
    const rows = phone.get('ledger-row');
    await rows.last().waitFor();
    const panel = await phone.get('ledger').boundingBox();
    assert.ok(panel.x >= 0 && panel.x + panel.width <= PHONE.viewport.width, JSON.stringify(panel));
    // More than fits, and the newest in sight.
    const inSight = ({ y, height }) => y >= 0 && y + height <= PHONE.viewport.height;
    assert.equal(inSight(await rows.last().boundingBox()), true);
    assert.equal(inSight(await rows.first().boundingBox()), false);
    assert.deepEqual(await phone.get('ledger').locator('h3').allInnerTexts(), ['Chat', 'Turn 1', 'Turn 2', 'Turn 3']);
    await phone.get('ledger-close').tap();
    await phone.get('ledger').waitFor({ state: 'hidden' });
    phone.assertClean();
    await phone.close();
  });
});

describe('with a scripted model', () => {
  const wirken = new Wirken();
  let model;
  let page;
  before(async () => {
    model = await startModel();
    model.on({ userMessage: 'plain' }, { content: 'Grüße, 世界 👩‍🚀!' });
    model.on({ userMessage: 'slowly' }, { content: SLOW_TEXT }, { latency: 40 });
    model.on({ userMessage: 'files', hasToolResult: true }, { content: 'That is all there is.' });
    model.on({ userMessage: 'files', hasToolResult: false }, callTool(/list/, { path: '.' }));
    model.on({ userMessage: 'markdown' }, { content: HOSTILE_MARKDOWN });
    model.on({ userMessage: 'overloaded' }, { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 1 });
    model.on({ userMessage: 'broken' }, { content: SLOW_TEXT }, { truncateAfterChunks: 5, latency: 30 });
    await wirken.setupOpenai(baseUrl(model));
    await wirken.start();
    page = await Page.open(browser, wirken.loginUrl);
    await page.loggedIn();
  });
  after(async () => {
    await wirken.dispose();
    await model?.stop();
  });

  const count = () => page.messages('assistant').count();

  test('shows text of any script', async () => {
    await page.send('plain');
    assert.match(await page.answer('Grüße'), /Grüße, 世界 👩‍🚀!/);
  });

  test('shows text as it comes', async () => {
    const number = (await count()) + 1;
    await page.send('slowly');
    const message = page.messages('assistant').nth(number - 1);
    const lengths = new Set();
    while (lengths.size < 4) {
      lengths.add((await message.innerText()).length);
      assert.ok(await page.get('stop').isVisible(), `only ${lengths.size} lengths were seen before the end`);
      await page.tab.waitForTimeout(60);
    }
    await page.answer('word199', number);
  });

  test('stops when asked, keeps what came, and takes the next message', async () => {
    const number = (await count()) + 1;
    await page.send('slowly');
    const message = page.messages('assistant').nth(number - 1);
    await message.filter({ hasText: 'word5' }).waitFor();
    await page.get('stop').click();
    await page.idle();
    const text = await message.innerText();
    assert.match(text, /word5/);
    assert.doesNotMatch(text, /word199/);
    await page.send('plain');
    await page.answer('Grüße', number + 1);
  });

  test('stops by Escape', async () => {
    const number = (await count()) + 1;
    await page.send('slowly');
    const message = page.messages('assistant').nth(number - 1);
    await message.filter({ hasText: 'word5' }).waitFor();
    await page.tab.keyboard.press('Escape');
    await page.idle();
    assert.doesNotMatch(await message.innerText(), /word199/);
    await page.get('note').filter({ hasText: /^Interrupted/ }).last().waitFor();
  });

  test('shows a tool call as it happens, and the answer after it', async () => {
    const calls = await page.get('tool-call').count();
    await page.send('files');
    await page.get('tool-call').nth(calls).waitFor();
    await page.messages('assistant').filter({ hasText: 'That is all there is.' }).waitFor();
    await page.idle();
    assert.match(await page.get('tool-call').nth(calls).innerText(), /list/);
  });

  test('renders Markdown without running or fetching any of it', async () => {
    await page.send('markdown');
    await page.messages('assistant').filter({ hasText: 'bold-after' }).waitFor();
    await page.idle();
    const message = page.messages('assistant').filter({ hasText: 'bold-after' });
    assert.equal(await message.locator('strong', { hasText: 'bold-after' }).count(), 1);
    assert.equal(await message.locator('img, script, iframe, [onerror], a[href^="javascript:"]').count(), 0);
    assert.doesNotMatch(await page.tab.title(), /pwned/);
    page.assertClean();
  });

  test('says why a turn failed, and goes on', async () => {
    await page.send('overloaded');
    await page.get('note').filter({ hasText: /interrupted: slow down/i }).waitFor();
    await page.idle();
    await page.send('broken');
    await page.get('note').filter({ hasText: /interrupted: .*broke off/i }).waitFor();
    await page.idle();
    await page.send('plain');
    await page.messages('assistant').last().filter({ hasText: 'Grüße' }).waitFor();
    await page.idle();
  });

  test('shows the history after a reload', async () => {
    const users = await page.messages('user').allInnerTexts();
    const calls = await page.get('tool-call').count();
    await page.tab.reload();
    await page.loggedIn();
    await page.messages('user').nth(users.length - 1).waitFor();
    assert.deepEqual(await page.messages('user').allInnerTexts(), users);
    assert.equal(await page.get('tool-call').count(), calls);
    assert.match(await page.messages('assistant').last().innerText(), /Grüße, 世界 👩‍🚀!/);
  });

  test('asks no other host and logs no error', () => page.assertClean());

  test('shows the history after a restart of the gateway', async () => {
    const users = await page.messages('user').allInnerTexts();
    await wirken.stop();
    await page.close();
    await wirken.start();
    page = await Page.open(browser, wirken.loginUrl);
    await page.loggedIn();
    await page.get('session-item').first().click();
    await page.messages('user').nth(users.length - 1).waitFor();
    assert.deepEqual(await page.messages('user').allInnerTexts(), users);
  });
});

// What a person sees and does on the page, by the test ids that it keeps stable.

import assert from 'node:assert/strict';

const ANSWER_TIMEOUT_MS = 20_000;

export class Page {
  // Opens a log-in URL in a fresh browser profile.
  static async open(browser, url, options = {}) {
    const context = await browser.newContext(options);
    const page = new Page(context, await context.newPage());
    page.origin = new URL(url).origin;
    await page.tab.goto(url);
    return page;
  }

  constructor(context, tab) {
    this.context = context;
    this.tab = tab;
    this.foreign = [];
    this.errors = [];
    this.sockets = [];
    tab.setDefaultTimeout(ANSWER_TIMEOUT_MS);
    tab.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== this.origin) this.foreign.push(request.url());
    });
    tab.on('websocket', (socket) => this.sockets.push(socket.url()));
    tab.on('console', (message) => message.type() === 'error' && this.errors.push(message.text()));
    tab.on('pageerror', (error) => this.errors.push(String(error)));
  }

  get(id) {
    return this.tab.getByTestId(id);
  }

  messages(role) {
    return this.tab.locator(`[data-testid="message"][data-role="${role}"]`);
  }

  async loggedIn() {
    await this.get('composer').waitFor();
  }

  async type(text) {
    await this.get('composer').fill(text);
  }

  async send(text) {
    await this.type(text);
    await this.get('send').click();
  }

  // Waits for the answer number `count` to contain a text and for the turn to be over.
  async answer(text, count = 1) {
    const message = this.messages('assistant').nth(count - 1);
    await message.filter({ hasText: text }).waitFor();
    await this.idle();
    return message.innerText();
  }

  async idle() {
    await this.get('stop').waitFor({ state: 'hidden' });
    await this.get('send').waitFor({ state: 'visible' });
  }

  // A page that logs errors or reaches for another host has failed, whatever it shows.
  assertClean() {
    assert.deepEqual(this.foreign, [], 'the page asked another host');
    assert.deepEqual(this.errors, [], 'the page logged errors');
  }

  async close() {
    await this.context.close();
  }
}

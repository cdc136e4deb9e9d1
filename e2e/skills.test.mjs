// A skill that was copied into its folder, called from the page.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { launch } from './lib/browser.mjs';
import { baseUrl, requests, startModel } from './lib/model.mjs';
import { Page } from './lib/page.mjs';
import { Wirken } from './lib/wirken.mjs';

const wirken = new Wirken();
let browser;
let model;
let page;
before(async () => {
  browser = await launch();
  model = await startModel();
  model.on({ userMessage: 'Use the "weather" skill' }, { content: 'It is sunny.' });
  await wirken.setupOpenai(baseUrl(model));
  const folder = join(wirken.data, 'skills/weather');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'SKILL.md'), '---\ndescription: Tells the weather\n---\nLook out of the window.\n');
  await wirken.start();
  page = await Page.open(browser, wirken.loginUrl);
  await page.loggedIn();
});
after(async () => {
  await browser?.close();
  await wirken.dispose();
  await model?.stop();
});

test('a command is shown as it was typed, and the model is told of the skill', async () => {
  const composer = page.get('composer');
  await composer.fill('/weather Oslo');
  await composer.press('Enter');
  await page.messages('assistant').filter({ hasText: 'It is sunny.' }).waitFor();
  assert.match(await page.messages('user').first().innerText(), /^\s*\/weather Oslo\n/);
  const { messages } = requests(model).at(-1);
  const [system, user] = messages;
  assert.match(system.content, /<name>weather<\/name>\n {4}<description>Tells the weather<\/description>/);
  assert.match(user.content, /^Use the "weather" skill for this request\. Read its file first: \S+\/skills\/weather\/SKILL\.md\n\nUser input:\nOslo$/);
});

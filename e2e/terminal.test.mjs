// What the agent asks to be allowed, answered where `wirken ask` was typed: at a terminal, with a gateway and without one.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { baseUrl, callTool, requests, startModel } from './lib/model.mjs';
import { atTerminal } from './lib/terminal.mjs';
import { Wirken } from './lib/wirken.mjs';

// The code of the question, as the terminal shows it.
const ASKED = 'Type one of `yes (?P<code>[0-9a-f]{6})`';
const NONE = 'That is none of the answers';

const toolResult = (request) => {
  const { content } = request.messages.findLast(({ role }) => role === 'tool');
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('');
};

for (const running of [true, false]) {
  describe(running ? 'while the gateway runs' : 'without a gateway', () => {
    const wirken = new Wirken();
    let model;
    before(async () => {
      model = await startModel();
      const calls = (message, args) => {
        model.on({ userMessage: message, hasToolResult: true }, (request) => ({ content: `It said: ${toolResult(request)}` }));
        model.on({ userMessage: message, hasToolResult: false }, callTool(/exec/, args));
      };
      calls('list', { program: 'ls', arguments: ['-a'] });
      calls('make', { program: 'touch', arguments: ['made'] });
      await wirken.setupOpenai(baseUrl(model));
      wirken.runPrograms();
      if (running) await wirken.start();
    });
    after(async () => {
      await wirken.dispose();
      await model?.stop();
    });

    const events = async (kind) =>
      JSON.parse(await wirken.succeed(['audit', 'log', '-n', '1000', '--action', kind, '--format', 'json'])).rows.map(({ event }) => event);

    test('takes a line with the code, and no other', async () => {
      const steps = [[ASKED, 'yes'], [NONE, 'yes 000000'], [NONE, 'yes please'], [NONE, 'session <code>'], [NONE, 'yes <code>']];
      const { code, shown } = await atTerminal(wirken, ['ask', '-m', 'make'], steps);
      assert.equal(code, 0, shown);
      // What the host made comes before the claim, and tier 3 has no longer answer.
      assert.match(shown, /Tier 3:[^]*asked every time[^]*The component itself says[^]*Answers: yes: Allow once, no: Deny\./);
      assert.match(shown, /Allowed \(through cli\)[^]*It said: /);
      assert.ok(existsSync(join(wirken.workspace, 'made')), shown);
      assert.equal((await events('approval-answered')).length, 1);
      // None of what was typed is told to the model.
      assert.doesNotMatch(JSON.stringify(requests(model)), /please|000000/);
    });

    test('tells the agent why not, and runs nothing', async () => {
      const { code, shown } = await atTerminal(wirken, ['ask', '-m', 'list'], [[ASKED, 'NO <code> not before noon']]);
      assert.equal(code, 0, shown);
      assert.match(shown, /Denied \(through cli\)[^]*They say: not before noon/);
      assert.match(toolResult(requests(model).at(-1)), /They say: not before noon/);
      assert.equal((await events('effect-started')).length, 1);
    });

    test('remembers what is allowed for days, and asks no more', async () => {
      const first = await atTerminal(wirken, ['ask', '-m', 'list'], [[ASKED, 'always <code>']]);
      assert.equal(first.code, 0, first.shown);
      assert.match(first.shown, /for what "owner" asks for through "cli"/);
      assert.match(first.shown, /Allowed \(through cli\)[^]*made/);
      const again = await atTerminal(wirken, ['ask', '-m', 'list'], []);
      assert.equal(again.code, 0, again.shown);
      assert.doesNotMatch(again.shown, /Type one of/);
      assert.match(again.shown, /made/);
      const { grants } = JSON.parse(await wirken.succeed(['permissions', 'list', '--format', 'json']));
      assert.deepEqual(grants.map(({ holder }) => holder), [{ agent: 'default', account: 'cli', sender: 'owner' }]);
    });
  });
}

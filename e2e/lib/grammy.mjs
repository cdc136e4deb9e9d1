// Talks to a fake Bot API through grammY, and fails where that notices a difference. A test of host/testkit runs it.
//
// Arguments: the origin and the token. Prints a line for each thing that was checked, and asks by `please` for what
// people should do; the answer comes on its input.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { Api, Bot, GrammyError, HttpError, InlineKeyboard, InputFile } from 'grammy';

const [origin, token] = process.argv.slice(2);
const client = { apiRoot: origin };
const api = new Api(token, client);
const [PRIVATE, GROUP, FORUM] = [11, -5, -1000000000006];
const answers = createInterface({ input: process.stdin });

async function please(wish, options = {}) {
  const answer = once(answers, 'line');
  console.log(`please ${JSON.stringify({ do: wish, ...options })}`);
  return JSON.parse((await answer)[0]);
}

const refused = (call, code, words) => assert.rejects(call, (error) => {
  assert(error instanceof GrammyError, String(error));
  assert.equal(error.error_code, code);
  assert.match(error.description, words);
  return true;
});
const broken = (call) => assert.rejects(call, HttpError);

let offset = 0;
// What came since the last call.
async function newUpdates(options = {}) {
  const updates = await api.getUpdates({ offset, timeout: 5, ...options });
  offset = updates.length ? updates.at(-1).update_id + 1 : offset;
  return updates;
}

async function sends() {
  const me = await api.getMe();
  assert.equal(me.username, 'wirken_test_bot');
  const first = await api.sendMessage(PRIVATE, 'hello wörld 👩‍🚀');
  assert.deepEqual([first.text, first.from.id, first.chat.type], ['hello wörld 👩‍🚀', me.id, 'private']);
  const bold = await api.sendMessage(PRIVATE, '*bold* and `code`', { parse_mode: 'MarkdownV2' });
  assert.deepEqual(bold.entities.map(({ type, offset: at, length }) => [type, at, length]), [['bold', 0, 4], ['code', 9, 4]]);
  const link = await api.sendMessage(PRIVATE, '<b>bold</b> and <a href="http://x.example/">link</a>', {
    parse_mode: 'HTML',
    link_preview_options: { is_disabled: true },
  });
  assert.deepEqual([link.text, link.entities[1].url, link.link_preview_options], ['bold and link', 'http://x.example/', { is_disabled: true }]);
  const answer = await api.sendMessage(PRIVATE, 'an answer', { reply_parameters: { message_id: first.message_id } });
  assert.equal(answer.reply_to_message.text, first.text);
  assert.equal(await api.sendChatAction(PRIVATE, 'typing'), true);
  const commands = [{ command: 'start', description: 'Begins' }];
  assert.equal(await api.setMyCommands(commands), true);
  assert.deepEqual(await api.getMyCommands(), commands);
  assert.equal((await api.getChat(PRIVATE)).first_name, 'Ada');
  assert.equal((await api.getChat(FORUM)).is_forum, true);
}

async function edits() {
  const { message_id: id } = await api.sendMessage(PRIVATE, 'in pieces');
  for (const text of ['in pieces, edited', 'in pieces, edited twice']) {
    assert.equal((await api.editMessageText(PRIVATE, id, text)).text, text);
  }
  await refused(api.editMessageText(PRIVATE, id, 'in pieces, edited twice\n'), 400, /message is not modified/);
  await refused(api.editMessageText(PRIVATE, 9999, 'x'), 400, /message to edit not found/);
  const gone = await api.sendMessage(PRIVATE, 'gone soon');
  assert.equal(await api.deleteMessage(PRIVATE, gone.message_id), true);
  await refused(api.deleteMessage(PRIVATE, gone.message_id), 400, /message to delete not found/);
}

async function keyboards() {
  const keyboard = new InlineKeyboard().text('Yes', 'yes'.repeat(21)).url('No', 'https://x.example/');
  const asked = await api.sendMessage(PRIVATE, 'sure?', { reply_markup: keyboard });
  assert.deepEqual(asked.reply_markup.inline_keyboard, keyboard.inline_keyboard);
  const query = await please('press', { message: asked.message_id, button: 'Yes' });
  const [{ callback_query: pressed }] = await newUpdates();
  assert.deepEqual([pressed.id, pressed.data, pressed.message.message_id], [query, 'yes'.repeat(21), asked.message_id]);
  assert.equal(await api.answerCallbackQuery(query, { text: 'done' }), true);
  assert.equal((await please('answer', { query })).text, 'done');
  assert.equal(await please('press again', { query }), true);
  assert.equal((await newUpdates())[0].callback_query.id, query, 'handed out although it was confirmed');
  const over = await api.editMessageText(PRIVATE, asked.message_id, 'sure? yes');
  assert.equal(over.reply_markup, undefined, 'an edit without buttons takes them away');
  assert.equal(await please('press', { message: asked.message_id, button: 'Yes' }), null);
  const second = await please('forge', { message: asked.message_id, data: 'anything' });
  const [{ callback_query: forged }] = await newUpdates();
  assert.deepEqual([forged.id, forged.data, forged.message.text], [second, 'anything', 'sure? yes']);
  assert.equal(await please('forge', { message: 999_999, data: 'anything' }), null);
  assert.equal(await api.answerCallbackQuery(second), true);
  const wrong = new InlineKeyboard().text('Yes', 'x'.repeat(65));
  await refused(api.sendMessage(PRIVATE, 'sure?', { reply_markup: wrong }), 400, /BUTTON_DATA_INVALID/);
}

async function receives() {
  const said = await please('say', { text: '/ask 👩‍🚀 @wirken_test_bot' });
  const [update] = await newUpdates();
  assert.deepEqual([update.update_id, update.message.message_id, update.message.from.username], [said.update, said.message, 'ada_l']);
  assert.deepEqual(update.message.entities.map(({ offset: at, length }) => update.message.text.slice(at, at + length)), ['/ask', '@wirken_test_bot']);
  await please('edit', { message: said.message, text: 'better' });
  const [edited] = await newUpdates();
  assert.equal(edited.edited_message.text, 'better');
  assert.equal(await please('repeat', { update: said.update }), true);
  assert.deepEqual(await api.getUpdates({ offset }), [update], 'handed out although it was confirmed');
  assert.deepEqual(await api.getUpdates({ offset }), []);
}

async function groups() {
  assert.equal((await please('say', { chat: 'group', text: 'among ourselves' })).update, null);
  await please('say', { chat: 'group', text: '@wirken_test_bot, do you hear?' });
  const [heard] = await newUpdates();
  assert.deepEqual([heard.message.chat.type, heard.message.chat.title], ['group', 'Garden']);
  const answer = await api.sendMessage(GROUP, 'yes', { reply_parameters: { message_id: heard.message.message_id } });
  await please('say', { chat: 'group', text: 'thanks', reply_to: answer.message_id });
  const [thanks] = await newUpdates();
  assert.equal(thanks.message.reply_to_message.message_id, answer.message_id);
  await please('say', { chat: 'forum', text: '/start', thread: 4 });
  const [topic] = await newUpdates();
  assert.deepEqual([topic.message.message_thread_id, topic.message.is_topic_message], [4, true]);
  assert.equal((await api.sendMessage(FORUM, 'here', { message_thread_id: 4 })).message_thread_id, 4);
  await refused(api.sendMessage(FORUM, 'where?', { message_thread_id: 5 }), 400, /message thread not found/);
}

async function files() {
  const download = async (id) => {
    const { file_path: path } = await api.getFile(id);
    return (await fetch(`${origin}/file/bot${token}/${path}`)).text();
  };
  await please('say', { text: 'my notes', file: 'document' });
  const [{ message }] = await newUpdates();
  assert.deepEqual([message.caption, message.document.file_name, await download(message.document.file_id)], ['my notes', 'notes.txt', 'some notes']);
  const sent = await api.sendDocument(PRIVATE, new InputFile(Buffer.from('a report'), 'report.txt'), { caption: 'a file' });
  assert.deepEqual([sent.document.file_name, await download(sent.document.file_id)], ['report.txt', 'a report']);
  await refused(api.getFile('nothing'), 400, /wrong file_id/);
}

async function refusals() {
  await refused(api.sendMessage(PRIVATE, 'x'.repeat(4097)), 400, /message is too long/);
  await api.sendMessage(PRIVATE, '🚀'.repeat(2048));
  await refused(api.sendMessage(PRIVATE, ' \n'), 400, /message text is empty/);
  for (const [text, mode] of [['*open', 'MarkdownV2'], ['<b>open', 'HTML']]) {
    await refused(api.sendMessage(PRIVATE, text, { parse_mode: mode }), 400, /can't parse entities/);
  }
  await refused(api.sendMessage(404, 'x'), 400, /chat not found/);
  await please('block');
  await refused(api.sendMessage(PRIVATE, 'x'), 403, /bot was blocked by the user/);
  await please('unblock');
  assert.deepEqual((await newUpdates()).map((update) => update.my_chat_member.new_chat_member.status), ['kicked', 'member']);
  await refused(new Api('123456789:wrong', client).getMe(), 401, /^Unauthorized$/);
  await refused(api.raw.noSuchMethod({}), 404, /^Not Found$/);
}

async function faults() {
  await please('fail', { method: 'sendMessage', how: 'limit' });
  await assert.rejects(api.sendMessage(PRIVATE, 'x'), (error) => error.error_code === 429 && error.parameters.retry_after === 3);
  for (const how of ['cut before', 'cut after']) {
    await please('fail', { method: 'sendMessage', how });
    await broken(api.sendMessage(PRIVATE, how));
  }
  await please('fail', { method: 'sendMessage', how: 'late' });
  await broken(new Api(token, { ...client, timeoutSeconds: 0.2 }).sendMessage(PRIVATE, 'late'));
}

async function conflicts() {
  await api.setWebhook('https://x.example/hook', { allowed_updates: ['message'] });
  assert.equal((await api.getWebhookInfo()).url, 'https://x.example/hook');
  await refused(api.getUpdates(), 409, /webhook is active/);
  await api.deleteWebhook({ drop_pending_updates: true });
  const before = await please('count', { method: 'getUpdates' });
  const first = refused(newUpdates({ allowed_updates: [] }), 409, /terminated by other getUpdates request/);
  while ((await please('count', { method: 'getUpdates' })) === before) await sleep(20);
  const second = newUpdates();
  await first;
  await please('say', { text: 'to the second' });
  assert.equal((await second)[0].message.text, 'to the second');
  assert.deepEqual(await api.getUpdates({ offset }), []);
}

// The loop that its users run.
async function polls() {
  const bot = new Bot(token, { client });
  const seen = [];
  bot.command('go', (context) => seen.push(context.match));
  bot.on('message:text', (context) => seen.push(context.message.text));
  const running = bot.start({ timeout: 5 });
  await please('say', { text: '/go 1' });
  await please('say', { text: 'on' });
  for (let tries = 0; seen.length < 2 && tries < 100; tries += 1) await sleep(20);
  await bot.stop();
  await running;
  assert.deepEqual(seen, ['1', 'on']);
}

for (const check of [sends, edits, keyboards, receives, groups, files, refusals, faults, conflicts, polls]) {
  await check();
  console.log(`ok ${check.name}`);
}
answers.close();

"""Talks to a fake Bot API through python-telegram-bot, and fails where that notices a difference.

Arguments: the origin and the token. Prints a line for each thing that was checked, and asks by `please` for what people
should do; the answer comes on its input.
"""

import asyncio
import json
import sys

from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters, Update
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters
from telegram.request import HTTPXRequest

origin, token = sys.argv[1:3]
places = {"base_url": f"{origin}/bot", "base_file_url": f"{origin}/file/bot"}
PRIVATE, GROUP, FORUM = 11, -5, -1000000000006


def please(do, **wish):
    print("please", json.dumps({"do": do, **wish}), flush=True)
    return json.loads(sys.stdin.readline())


async def raises(kind, words, call):
    try:
        await call
    except kind as error:
        assert words.lower() in str(error).lower(), repr(error)
        return error
    raise AssertionError(f"{kind.__name__} {words} was expected")


async def new_updates(bot, offset=[0], **options):
    """What came since the last call."""
    updates = await bot.get_updates(offset=offset[0], timeout=5, **options)
    offset[0] = updates[-1].update_id + 1 if updates else offset[0]
    return updates


async def sends(bot):
    me = await bot.get_me()
    assert me.is_bot and me.username == "wirken_test_bot" and not me.can_read_all_group_messages
    first = await bot.send_message(PRIVATE, "hello wörld 👩‍🚀")
    assert first.text == "hello wörld 👩‍🚀" and first.from_user == me and first.chat.type == "private"
    bold = await bot.send_message(PRIVATE, "*bold* and `code`", parse_mode="MarkdownV2")
    assert [(entity.type, entity.offset, entity.length) for entity in bold.entities] == [("bold", 0, 4), ("code", 9, 4)]
    html = '<b>bold</b> and <a href="http://x.example/">link</a>'
    link = await bot.send_message(PRIVATE, html, parse_mode="HTML", link_preview_options=LinkPreviewOptions(is_disabled=True))
    assert link.text_html == html and link.link_preview_options.is_disabled
    answer = await bot.send_message(PRIVATE, "an answer", reply_parameters=ReplyParameters(first.message_id))
    assert answer.reply_to_message.text == first.text
    assert await bot.send_chat_action(PRIVATE, "typing")
    commands = [BotCommand("start", "Begins"), BotCommand("help", "Helps")]
    assert await bot.set_my_commands(commands) and list(await bot.get_my_commands()) == commands
    assert (await bot.get_chat(PRIVATE)).first_name == "Ada" and (await bot.get_chat(FORUM)).is_forum


async def edits(bot):
    message = await bot.send_message(PRIVATE, "in pieces")
    for text in ("in pieces, edited", "in pieces, edited twice"):
        message = await bot.edit_message_text(text, PRIVATE, message.message_id)
        assert message.text == text and message.edit_date
    await raises(BadRequest, "message is not modified", message.edit_text("in pieces, edited twice\n"))
    await raises(BadRequest, "message to edit not found", bot.edit_message_text("x", PRIVATE, 9999))
    gone = await bot.send_message(PRIVATE, "gone soon")
    assert await gone.delete()
    await raises(BadRequest, "message to delete not found", gone.delete())
    await raises(BadRequest, "message to edit not found", gone.edit_text("back"))


async def keyboards(bot):
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="yes" * 21), InlineKeyboardButton("No", url="https://x.example/")]])
    asked = await bot.send_message(PRIVATE, "sure?", reply_markup=markup)
    assert asked.reply_markup == markup
    query = please("press", message=asked.message_id, button="Yes")
    [update] = await new_updates(bot)
    pressed = update.callback_query
    assert (pressed.id, pressed.data, pressed.from_user.first_name) == (query, "yes" * 21, "Ada")
    assert pressed.message.message_id == asked.message_id and await pressed.answer("done", show_alert=True)
    assert please("answer", query=query)["text"] == "done"
    assert please("press again", query=query)
    [again] = await new_updates(bot)
    assert again == update, "handed out although it was confirmed"
    over = await bot.edit_message_text("sure? yes", PRIVATE, asked.message_id)
    assert over.reply_markup is None, "an edit without buttons takes them away"
    assert please("press", message=asked.message_id, button="Yes") is None
    query = please("forge", message=asked.message_id, data="anything")
    [update] = await new_updates(bot)
    forged = update.callback_query
    assert (forged.id, forged.data, forged.message.text) == (query, "anything", "sure? yes")
    assert please("forge", message=999_999, data="anything") is None and await forged.answer()
    await raises(BadRequest, "query is too old", bot.answer_callback_query("1"))
    wrong = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="x" * 65)]])
    await raises(BadRequest, "BUTTON_DATA_INVALID", bot.send_message(PRIVATE, "sure?", reply_markup=wrong))


async def receives(bot):
    said = please("say", text="/ask 👩‍🚀 @wirken_test_bot")
    [update] = await new_updates(bot)
    message = update.message
    assert (update.update_id, message.message_id, message.chat_id) == (said["update"], said["message"], PRIVATE)
    assert message.from_user.username == "ada_l" and not message.from_user.is_bot
    assert message.parse_entities() == {message.entities[0]: "/ask", message.entities[1]: "@wirken_test_bot"}
    please("edit", message=said["message"], text="better")
    [edited] = await new_updates(bot)
    assert edited.edited_message.text == "better" and edited.edited_message.edit_date
    assert please("repeat", update=said["update"])
    [again] = await bot.get_updates(offset=edited.update_id + 1)
    assert again == update, "handed out although it was confirmed"
    assert await bot.get_updates(offset=edited.update_id + 1) == ()


async def groups(bot):
    assert please("say", chat="group", text="among ourselves")["update"] is None
    said = please("say", chat="group", text="@wirken_test_bot, do you hear?")
    [update] = await new_updates(bot)
    assert update.message.chat.type == "group" and update.message.chat.title == "Garden"
    answer = await update.message.reply_text("yes", do_quote=True)
    assert answer.reply_to_message.message_id == said["message"]
    please("say", chat="group", text="thanks", reply_to=answer.message_id)
    [thanks] = await new_updates(bot)
    assert thanks.message.reply_to_message.message_id == answer.message_id
    assert please("say", chat="group", text="/start@another_bot")["update"] is None
    please("say", chat="forum", text="/start", thread=4)
    [topic] = await new_updates(bot)
    assert topic.message.message_thread_id == 4 and topic.message.is_topic_message
    there = await bot.send_message(FORUM, "here", message_thread_id=4)
    assert there.message_thread_id == 4
    await raises(BadRequest, "message thread not found", bot.send_message(FORUM, "where?", message_thread_id=5))


async def files(bot):
    please("say", text="my notes", file="document")
    [update] = await new_updates(bot)
    document = update.message.document
    assert (update.message.caption, document.file_name, document.mime_type, document.file_size) == ("my notes", "notes.txt", "text/plain", 10)
    file = await document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"some notes"
    please("say", file="photo")
    [update] = await new_updates(bot)
    assert len(update.message.photo) == 2 and (await update.message.photo[-1].get_file()).file_path.endswith(".jpg")
    sent = await bot.send_document(PRIVATE, b"a report", filename="report.txt", caption="a file")
    assert sent.document.file_name == "report.txt" and sent.caption == "a file"
    assert bytes(await (await sent.document.get_file()).download_as_bytearray()) == b"a report"
    await raises(BadRequest, "wrong file_id", bot.get_file("nothing"))


async def refusals(bot):
    await raises(BadRequest, "message is too long", bot.send_message(PRIVATE, "x" * 4097))
    await bot.send_message(PRIVATE, "🚀" * 2048)
    await raises(BadRequest, "message is too long", bot.send_message(PRIVATE, "🚀" * 2049))
    await raises(BadRequest, "message text is empty", bot.send_message(PRIVATE, " \n"))
    for text, mode in (("*open", "MarkdownV2"), ("1.", "MarkdownV2"), ("<b>open", "HTML"), ("a < b", "HTML")):
        await raises(BadRequest, "can't parse entities", bot.send_message(PRIVATE, text, parse_mode=mode))
    await raises(BadRequest, "chat not found", bot.send_message(404, "x"))
    await raises(BadRequest, "message to be replied not found", bot.send_message(PRIVATE, "x", reply_parameters=ReplyParameters(9999)))
    please("block")
    await raises(Forbidden, "bot was blocked by the user", bot.send_message(PRIVATE, "x"))
    please("unblock")
    changes = [update.my_chat_member for update in await new_updates(bot)]
    assert [(change.old_chat_member.status, change.new_chat_member.status) for change in changes] == [("member", "kicked"), ("kicked", "member")]
    for wrong in ("123456789:wrong", "nonsense"):
        stranger = Bot(wrong, **places)
        await raises(InvalidToken, "Unauthorized" if ":" in wrong else "Not Found", stranger.get_me())
        await stranger.shutdown()


async def faults(bot):
    please("fail", method="sendMessage", how="limit")
    error = await raises(RetryAfter, "Retry in 3", bot.send_message(PRIVATE, "x"))
    assert error._retry_after.total_seconds() == 3
    please("fail", method="sendMessage", how="broken")
    await raises(NetworkError, "Bad Gateway", bot.send_message(PRIVATE, "x"))
    for how in ("cut before", "cut after"):
        please("fail", method="sendMessage", how=how)
        await raises(NetworkError, "", bot.send_message(PRIVATE, how))
    please("fail", method="sendMessage", how="late")
    await raises(TimedOut, "", bot.send_message(PRIVATE, "late", read_timeout=0.2))


async def conflicts(bot):
    assert await bot.set_webhook("https://x.example/hook", allowed_updates=["message"])
    info = await bot.get_webhook_info()
    assert info.url == "https://x.example/hook" and list(info.allowed_updates) == ["message"]
    await raises(Conflict, "webhook is active", bot.get_updates())
    assert await bot.delete_webhook(drop_pending_updates=True) and not (await bot.get_webhook_info()).url
    before = please("count", method="getUpdates")
    first = asyncio.create_task(new_updates(bot, allowed_updates=Update.ALL_TYPES))
    while please("count", method="getUpdates") == before:
        await asyncio.sleep(0.02)
    second = asyncio.create_task(new_updates(bot))
    await raises(Conflict, "terminated by other getUpdates request", first)
    please("say", text="to the second")
    [update] = await second
    assert update.message.text == "to the second"
    assert await bot.get_updates(offset=update.update_id + 1) == ()


async def polls(_):
    """The loop that its users run."""
    seen = asyncio.Queue()

    async def note(update, _):
        await seen.put(update)

    app = Application.builder().token(token).base_url(places["base_url"]).base_file_url(places["base_file_url"]).build()
    app.add_handlers([CommandHandler("go", note), MessageHandler(filters.TEXT, note), CallbackQueryHandler(note)])
    async with app:
        await app.start()
        await app.updater.start_polling(timeout=5)
        for text in ("/go", "on"):
            please("say", text=text)
            assert (await asyncio.wait_for(seen.get(), 5)).message.text == text
        await app.updater.stop()
        await app.stop()


async def main():
    async with Bot(token, request=HTTPXRequest(), get_updates_request=HTTPXRequest(connection_pool_size=2), **places) as bot:
        for check in (sends, edits, keyboards, receives, groups, files, refusals, faults, conflicts, polls):
            await check(bot)
            print("ok", check.__name__, flush=True)


asyncio.run(main())

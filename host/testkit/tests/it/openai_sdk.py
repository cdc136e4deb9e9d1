"""Talks to a fake LLM through OpenAI's own client, and fails where that notices a difference.

Arguments: the base URL and the key. Prints a line for each thing that was checked.
"""

import json
import sys

import openai
from openai import OpenAI

base_url, key = sys.argv[1:3]
client = OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=10)
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def user(text):
    return [{"role": "user", "content": text}]


def fake(**reply):
    """A message that tells the server what to answer."""
    return user("fake:" + json.dumps(reply))


def ask(messages, **options):
    return client.chat.completions.create(model="fake-model", messages=messages, **options)


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected")


def models():
    assert [model.id for model in client.models.list()] == ["fake-model", "fake-small"]
    assert client.models.retrieve("fake-small").id == "fake-small"
    raises(openai.NotFoundError, lambda: client.models.retrieve("none"))


def text():
    answer = ask(user("hello wörld"))
    choice = answer.choices[0]
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", "hello wörld", "stop")
    assert not choice.message.tool_calls
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (2, 2, 4)
    assert answer.object == "chat.completion" and answer.id.startswith("chatcmpl-") and answer.model == "fake-model"
    assert ask(fake(text="cut", finish="length", usage={"prompt": 7, "completion": 9})).choices[0].finish_reason == "length"
    parts = [{"role": "user", "content": [{"type": "text", "text": "in "}, {"type": "text", "text": "parts"}]}]
    assert ask(parts).choices[0].message.content == "in parts"


def stream():
    chunks = list(ask(user("one two three"), stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "one two three"
    assert len([chunk for chunk in chunks if chunk.choices[0].delta.content]) == 3
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop" and all(chunk.usage is None for chunk in chunks)
    chunks = list(ask(fake(text="päced", piece=1, pace_millis=5), stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "päced"
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0
    with client.chat.completions.stream(model="fake-model", messages=user("through the helper")) as events:
        assert events.get_final_completion().choices[0].message.content == "through the helper"


def tools():
    calls = [{"name": "weather", "arguments": '{"city":"Bern"}'}, {"name": "weather", "arguments": '{"city":"Rom"}'}]
    first = ask(fake(tool_calls=calls), tools=[TOOL]).choices[0]
    assert first.finish_reason == "tool_calls" and first.message.content is None
    assert [call.function.arguments for call in first.message.tool_calls] == ['{"city":"Bern"}', '{"city":"Rom"}']
    assert len({call.id for call in first.message.tool_calls}) == 2
    asked = user("weather?") + [first.message.model_dump(exclude_none=True)]
    results = [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in first.message.tool_calls]
    assert ask(asked + results, tools=[TOOL]).choices[0].message.content == "sunny"
    for wrong in (asked, asked + results[:1], results, asked + results[:1] + user("next"), asked + results + results[:1]):
        raises(openai.BadRequestError, lambda: ask(wrong, tools=[TOOL]))


def streamed_tools():
    calls = [{"name": "weather", "arguments": '{"city":"Zürich"}'}, {"name": "weather", "arguments": "{}"}]
    with client.chat.completions.stream(model="fake-model", messages=fake(text="Let me see.", tool_calls=calls, piece=2), tools=[TOOL]) as events:
        message = events.get_final_completion().choices[0].message
    assert message.content == "Let me see."
    assert [call.function.arguments for call in message.tool_calls] == ['{"city":"Zürich"}', "{}"]
    assert all(call.id and call.function.name == "weather" for call in message.tool_calls)


def errors():
    wrong = OpenAI(base_url=base_url, api_key="sk-wrong", max_retries=0)
    error = raises(openai.AuthenticationError, lambda: wrong.models.list())
    assert error.code == "invalid_api_key"
    assert raises(openai.NotFoundError, lambda: client.chat.completions.create(model="none", messages=user("x"))).code == "model_not_found"
    raises(openai.BadRequestError, lambda: ask([]))
    raises(openai.BadRequestError, lambda: ask([{"role": "nobody", "content": "x"}]))
    raises(openai.BadRequestError, lambda: ask([{"role": "user", "content": None}]))
    raises(openai.BadRequestError, lambda: ask(user("x"), tools=[{**TOOL, "function": {"name": "not a name"}}]))
    raises(openai.BadRequestError, lambda: ask(user("x"), tools=[TOOL, TOOL]))
    raises(openai.BadRequestError, lambda: ask(user("x"), stream_options={"include_usage": True}))
    raises(openai.NotFoundError, lambda: client.embeddings.create(model="fake-model", input="x"))
    problem = {"status": 503, "type": "server_error", "message": "overloaded"}
    assert raises(openai.InternalServerError, lambda: ask(fake(problem=problem), stream=True)).status_code == 503


def rate_limit():
    problem = {"status": 429, "type": "requests", "message": "slow down", "code": "rate_limit_exceeded", "retry_after": 7}
    error = raises(openai.RateLimitError, lambda: ask(fake(problem=problem)))
    assert error.response.headers["retry-after"] == "7" and error.code == "rate_limit_exceeded" and "slow down" in error.message


def broken_stream():
    seen = []

    def read():
        for chunk in ask(fake(text="one two three", break_after=3), stream=True):
            seen.append(chunk.choices[0].delta.content)

    error = raises(Exception, read)
    assert "incomplete" in str(error) or isinstance(error, openai.APIConnectionError), repr(error)
    assert seen == ["", "one", " two"], seen
    raises(openai.APIConnectionError, lambda: ask(fake(text="whole", break_after=1)))


def timeout():
    impatient = client.with_options(timeout=0.2)
    slow = fake(text="late", first_byte_millis=2000)
    raises(openai.APITimeoutError, lambda: impatient.chat.completions.create(model="fake-model", messages=slow))
    assert ask(fake(text="late", first_byte_millis=50)).choices[0].message.content == "late"


for check in (models, text, stream, tools, streamed_tools, errors, rate_limit, broken_stream, timeout):
    check()
    print("ok", check.__name__.replace("_", " "), flush=True)

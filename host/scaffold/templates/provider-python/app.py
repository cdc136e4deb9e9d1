"""The provider as a component: what `wit/deps/provider/provider.wit` asks for, mapped to `chat`."""

import chat
from codec import error
from componentize_py_types import Err
from wit_world.exports import codec
from wit_world.imports import wirken_chat_types as types
from wit_world.imports import wirken_http_types as http


class Codec:
    def encode(self, target, request):
        try:
            body = chat.body(request.model, [message(each) for each in request.messages], request.options)
        except chat.Failed as failed:
            raise Err(error(failed)) from None
        headers = [http.Header("content-type", "application/json")]
        return http.Request("POST", chat.url(target.base_url), headers, [http.Segment_Bytes(body)], ["api-key"], None)

    def encode_task(self, target, task):
        raise Err(codec.Error("invalid-request", f"this provider has no task {task.action!r}", None))

    def decode_models(self, target, status, headers, body):
        raise Err(codec.Error("invalid-request", "this provider lists no models", None))


def message(message):
    match message:
        case types.Message_System(text):
            return "system", text
        case types.Message_User(parts):
            return "user", texts(parts)
        case types.Message_Assistant(items):
            return "assistant", "".join(item.value for item in items if isinstance(item, types.AssistantItem_Text))
        case types.Message_Tool(results):
            # This provider offers no tools; what another one called is told as text.
            return "user", "\n".join(f"{result.name}: {texts(result.content)}" for result in results)


def texts(parts):
    return "".join(part.value for part in parts if isinstance(part, types.Part_Text))

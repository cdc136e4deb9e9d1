"""The channel as a component: what `wit/deps/channel/channel.wit` asks for, mapped to `board`.

A resource is looked for in a module of its interface's name, hence this one's.
"""

from board import POLL, Board
from wit_world.exports import adapter
from wit_world.imports import wirken_http_types as http


class Connection:
    def __init__(self, settings, state, random, recovering):
        self.board = Board(settings, {each.key: each.value for each in state}, recovering)

    def start(self, now_millis):
        return [effect(self.board.poll())]

    def handle(self, now_millis, event):
        return [effect(each) for each in self.happened(event)]

    def happened(self, event):
        match event:
            case adapter.Event_HttpResponse(adapter.Answered(id, response)):
                return self.board.answered(id, response.status, response.body)
            case adapter.Event_HttpFailed(adapter.Unanswered(id, failure)):
                return self.board.unanswered(id, failure.sent, failure.message)
            case adapter.Event_Timer():
                return [self.board.poll()]
            case adapter.Event_Outbound(outbound):
                draft = outbound.content.value if isinstance(outbound.content, adapter.OutboundContent_Text) else None
                text, final = (draft.text, draft.final) if draft else (None, True)
                return self.board.say(outbound.id, outbound.conversation_id, text, final)
            case adapter.Event_Poisoned(response):
                return self.board.skip(response.body)
            case adapter.Event_Shutdown():
                return [("http-cancel", POLL)]
        return []


def effect(effect):
    match effect:
        case ("http", id, method, url, body):
            return adapter.Effect_Http(adapter.HttpRequest(id, request(method, url, body)))
        case ("http-cancel", id):
            return adapter.Effect_HttpCancel(id)
        case ("set-timer", id, after_millis):
            return adapter.Effect_SetTimer(adapter.Timer(id, after_millis))
        case ("inbound", message):
            return adapter.Effect_Inbound(adapter.Inbound_Message(inbound(message)))
        case ("outcome", id, what):
            return adapter.Effect_Outcome(adapter.OutboundOutcome(id, outcome(what)))
        case ("state-put", key, value):
            return adapter.Effect_StatePut(adapter.State(key, value))
        case ("health", state, detail):
            return adapter.Effect_Health(adapter.Health(state, detail))
        case ("fatal", message):
            return adapter.Effect_Fatal(message)


def outcome(what):
    match what:
        case ("delivered", ids):
            return adapter.Outcome_Delivered(ids)
        case ("failed", kind, sent, message):
            return adapter.Outcome_Failed(http.Failure(kind, sent, message))
        case ("in-doubt", message):
            return adapter.Outcome_InDoubt(message)
        case ("later", millis):
            return adapter.Outcome_Later(millis)


def request(method, url, body):
    headers = [http.Header("content-type", "application/json")]
    return http.Request(method, url, headers, [http.Segment_Bytes(body)] if body else [], ["token"], 60_000)


def inbound(message):
    return adapter.InboundMessage(
        key=str(message["id"]),
        id=str(message["id"]),
        edit_of=None,
        forwarded=False,
        conversation=adapter.Conversation(message["room"], "direct" if message["direct"] else "group", None, None),
        sender=adapter.Sender(message["from"], message["from"], False),
        text=message["text"],
        attachments=[],
        reply_to=None,
        mentions_agent=message["direct"],
        sent_at_millis=None,
    )

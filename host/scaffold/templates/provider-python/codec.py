"""The decoder of one response. A resource is looked for in a module of its interface's name, hence this one's."""

import chat
from wit_world.exports import codec


class Decoder:
    def __init__(self, target, status, headers):
        self.answer = chat.Answer(status)

    def push(self, bytes):
        self.answer.push(bytes)
        return []

    def finish(self):
        try:
            text, stop = self.answer.finish()
        except chat.Failed as failed:
            return [codec.Event_Failed(error(failed))]
        return [codec.Event_Text(text), codec.Event_Stop(stop)]


def error(failed):
    return codec.Error(failed.kind, str(failed), None)

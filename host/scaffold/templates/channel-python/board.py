"""A message board that is polled: plain Python, tested without WebAssembly.

`GET /messages?after=N` answers a list of messages such as `{"id":7,"room":"r1","from":"ada","direct":true,"text":"Hello"}`, and
`POST /messages` with `{"room","text"}` says something and answers `{"id":8}`. Put the platform that you want to connect in its
place.

A state machine: each method takes what happened and returns what to do, as tuples that begin with the name of an effect.
"""

import json
import re

# The request that polls; those that say something count on from it.
POLL = 0
AGAIN = 0
AGAIN_MILLIS = 2_000
TROUBLE_MILLIS = 10_000
# The key of the state that survives a restart: the id of the last message that was taken.
AFTER = "after"

LATER = ("later", TROUBLE_MILLIS)


class Board:
    def __init__(self, settings: str, state: dict[str, bytes], recovering: bool):
        self.api_url = json.loads(settings)["api-url"].rstrip("/")
        self.after = int(state.get(AFTER, b"0"))
        self.recovering = recovering
        self.last_id = POLL
        # By the request that says it: the outbound.
        self.under_way: dict[int, int] = {}

    def poll(self):
        limit = "&limit=1" if self.recovering else ""
        return ("http", POLL, "GET", f"{self.api_url}/messages?after={self.after}{limit}", b"")

    def answered(self, id: int, status: int, body: bytes):
        if id != POLL:
            return self.done(id, outcome(status, body))
        if status in (401, 403):
            return [("fatal", "the message board does not take the token")]
        try:
            messages = json.loads(body) if status == 200 else None
        except (ValueError, RecursionError):
            messages = None
        if not isinstance(messages, list) or not all(is_message(message) for message in messages):
            return trouble(f"the message board answered with status {status}, or what is no list")
        if not messages:
            return [("health", "ok", ""), ("set-timer", AGAIN, AGAIN_MILLIS)]
        self.after = max(message["id"] for message in messages)
        # The next poll stands behind what this one brought: that is committed first.
        return [*(("inbound", message) for message in messages), self.keep(), ("health", "ok", ""), self.poll()]

    def unanswered(self, id: int, sent: bool, message: str):
        if id == POLL:
            return trouble(message)
        # Only where not one byte left is it sure that nothing was said.
        return self.done(id, ("in-doubt", message) if sent else LATER)

    def say(self, outbound: int, room: str, text: str | None, final: bool):
        if text is None:
            return [("outcome", outbound, ("failed", "unavailable", False, "the message board shows texts alone"))]
        if not final:
            # A message cannot be changed there, so that an answer is said once it is whole.
            return [("outcome", outbound, ("delivered", []))]
        self.last_id += 1
        self.under_way[self.last_id] = outbound
        body = json.dumps({"room": room, "text": text}).encode()
        return [("http", self.last_id, "POST", f"{self.api_url}/messages", body)]

    def skip(self, body: bytes):
        """Steps over a message that crashed an instance before this one: of it only the id is read. The poll that the start
        began would bring it again."""
        found = re.search(rb'"id":(\d+)', body)
        self.after = int(found[1]) if found else self.after + 1
        return [("http-cancel", POLL), self.keep(), self.poll()]

    def keep(self):
        return ("state-put", AFTER, str(self.after).encode())

    def done(self, id: int, what):
        outbound = self.under_way.pop(id, None)
        return [] if outbound is None else [("outcome", outbound, what)]


def is_message(message) -> bool:
    """A platform may send anything: what raises ends this instance."""
    kinds = {"id": int, "room": str, "from": str, "direct": bool, "text": str}
    return isinstance(message, dict) and all(isinstance(message.get(name), kind) for name, kind in kinds.items()) and message["id"] >= 0


def outcome(status: int, body: bytes):
    if status in (429, 503):
        return LATER
    if status not in (200, 201):
        return ("failed", "refused", True, f"the message board answered with status {status}")
    try:
        return ("delivered", [str(json.loads(body)["id"])])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ("delivered", [])


def trouble(detail: str):
    return [("health", "unreachable", detail), ("set-timer", AGAIN, TROUBLE_MILLIS)]

"""Chat Completions, in text alone and in one piece: plain Python, tested without WebAssembly."""

import json

# An answer is not longer.
MAX_BYTES = 4 * 1024 * 1024


class Failed(Exception):
    """Why there is no answer: a kind of `wit/deps/provider/provider.wit`, and a message for people."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind


def url(base_url: str) -> str:
    return base_url.rstrip("/") + "/chat/completions"


def body(model: str, messages: list[tuple[str, str]], options: list[tuple[str, str]]) -> bytes:
    """The request, of roles and texts."""
    if options:
        raise Failed("invalid-request", f"this provider has no option {options[0][0]!r}")
    told = [{"role": role, "content": text} for role, text in messages]
    return json.dumps({"model": model, "messages": told}).encode()


class Answer:
    """The response, which is read once it is whole."""

    def __init__(self, status: int):
        self.status = status
        self.pieces: list[bytes] = []
        self.size = 0

    def push(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size <= MAX_BYTES:
            self.pieces.append(piece)

    def finish(self) -> tuple[str, str]:
        """The text, and why the model stopped."""
        if self.status != 200:
            raise Failed(kind_of(self.status), f"the endpoint answered with status {self.status}")
        if self.size > MAX_BYTES:
            raise Failed("protocol", f"the answer has more than {MAX_BYTES} bytes")
        try:
            choice = json.loads(b"".join(self.pieces))["choices"][0]
            text, stop = choice["message"]["content"], choice.get("finish_reason") or "end"
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise Failed("protocol", "the answer is no JSON, ended early, or holds no text") from None
        if not isinstance(text, str):
            raise Failed("protocol", "the answer holds no text")
        return text, str(stop)


def kind_of(status: int) -> str:
    if status in (401, 403):
        return "authentication"
    if status == 429:
        return "rate-limited"
    return "unavailable" if status >= 500 else "invalid-request"

"""Finds banned words: plain Python, tested without WebAssembly."""

import json
import re


def banned(settings: str, text: str) -> str | None:
    """The first banned word that a text holds, in any case and not as a part of another."""
    words = {word.lower() for word in json.loads(settings).get("words", [])}
    return next((word for word in re.findall(r"[^\W_]+", text.lower()) if word in words), None)

"""Counts the words of a text: plain Python, tested without WebAssembly."""

import json
import re

NAME = "{{tool}}"
DESCRIPTION = "Counts the words of a text. Use it instead of counting yourself."
SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "description": "The text."},
        "distinct": {"type": "boolean", "description": "Whether a word that occurs again counts once."},
    },
    "required": ["text"],
    "additionalProperties": False,
}

# json.loads goes as deep as its text, and the stack of a call does not: past it the call crashes.
MAX_DEPTH = 64
SIGNS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


class Wrong(Exception):
    """The arguments do not fit: the message is for the model."""


def is_deep(text: str) -> bool:
    depth = 0
    for sign in SIGNS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(sign[0], 0)
        if depth > MAX_DEPTH:
            return True
    return False


def parse(name: str, arguments: str) -> dict:
    """Reads the arguments that a model wrote."""
    if name != NAME:
        raise Wrong(f"there is no tool {name!r} here")
    if is_deep(arguments):
        raise Wrong(f"the arguments are nested deeper than {MAX_DEPTH} levels")
    try:
        given = json.loads(arguments.strip() or "{}")
    except ValueError as error:
        raise Wrong(f"the arguments are no JSON: {error}") from None
    if not isinstance(given, dict) or not isinstance(given.get("text"), str):
        raise Wrong('"text" has to be a text')
    if not given["text"].strip():
        raise Wrong("the text is empty; give the words to count")
    if not isinstance(given.get("distinct", False), bool):
        raise Wrong('"distinct" has to be true or false')
    for key in given:
        if key not in SCHEMA["properties"]:
            raise Wrong(f"there is no argument {key!r}")
    return given


def count(given: dict) -> str:
    """The answer, for the model to read."""
    words = given["text"].split()
    number = len({word.lower() for word in words}) if given.get("distinct") is True else len(words)
    return "1 word" if number == 1 else f"{number} words"

"""Counts the words of a text: plain Python, tested without WebAssembly."""

import json

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


class Wrong(Exception):
    """The arguments do not fit: the message is for the model."""


def parse(name: str, arguments: str) -> dict:
    """Reads the arguments that a model wrote."""
    if name != NAME:
        raise Wrong(f"there is no tool {name!r} here")
    try:
        given = json.loads(arguments.strip() or "{}")
    except (ValueError, RecursionError) as error:
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

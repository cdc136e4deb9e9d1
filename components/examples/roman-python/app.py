"""Roman numerals as two tools, with componentize-py."""

import json

import numeral
from componentize_py_types import Err
from wit_world.exports import tools
from wit_world.imports.wirken_chat_types import Part_Text, ToolDefinition


class Tools:
    def definitions(self):
        return [
            ToolDefinition("to_roman", "Writes a number from 1 to 3999 in Roman numerals.", schema("number", "integer", "The number.")),
            ToolDefinition("from_roman", "Reads a Roman numeral, up to MMMCMXCIX.", schema("numeral", "string", "The numeral.")),
        ]

    def plan(self, name, arguments):
        return tools.CallPlan(f"Call {name}.", [])

    def call(self, name, arguments):
        try:
            given = json.loads(arguments)
        except ValueError as error:
            raise wrong(f"the arguments are no JSON: {error}") from None
        given = given if isinstance(given, dict) else {}
        match name:
            case "to_roman":
                answer = numeral.write(given.get("number"))
            case "from_roman":
                answer = numeral.read(given.get("numeral"))
            case _:
                raise wrong(f"there is no tool {name!r} here")
        if answer is None:
            raise wrong(f"there is no Roman numeral for {arguments}")
        return [Part_Text(str(answer))]


def wrong(message):
    return Err(tools.Failure_InvalidArguments(message))


def schema(name, kind, description):
    properties = {name: {"type": kind, "description": description}}
    return json.dumps({"type": "object", "properties": properties, "required": [name], "additionalProperties": False})

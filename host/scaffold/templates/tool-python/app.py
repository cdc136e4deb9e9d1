"""The tool as a component: what `wit/deps/tool/tool.wit` asks for, and nothing else."""

import json

import words
from componentize_py_types import Err
from wit_world.exports import tools
from wit_world.imports.wirken_chat_types import Part_Text, ToolDefinition


class Tools:
    def definitions(self):
        return [ToolDefinition(words.NAME, words.DESCRIPTION, json.dumps(words.SCHEMA))]

    def plan(self, name, arguments):
        """What the call will ask of the host: nothing."""
        read(name, arguments)
        return tools.CallPlan("Count words.", [])

    def call(self, name, arguments):
        return [Part_Text(words.count(read(name, arguments)))]


def read(name, arguments):
    try:
        return words.parse(name, arguments)
    except words.Wrong as wrong:
        raise Err(tools.Failure_InvalidArguments(str(wrong))) from None

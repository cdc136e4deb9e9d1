import json
import unittest

import words


def call(given):
    return words.count(words.parse(words.NAME, json.dumps(given)))


class Words(unittest.TestCase):
    def test_counts_words(self):
        self.assertEqual(call({"text": "to be or not to be"}), "6 words")
        self.assertEqual(call({"text": "To be or not to be", "distinct": True}), "4 words")
        self.assertEqual(call({"text": " one\n"}), "1 word")

    def test_says_what_is_wrong_with_arguments(self):
        for given in [{}, {"text": 1}, {"text": "a", "words": 2}, {"text": " "}, None, []]:
            with self.assertRaises(words.Wrong, msg=given):
                call(given)
        for name, arguments in [(words.NAME, "no"), ("other", "{}")]:
            with self.assertRaises(words.Wrong):
                words.parse(name, arguments)

    def test_takes_what_is_nested_as_a_tool_needs_and_not_what_the_stack_does_not_hold(self):
        nested = lambda levels: '{"text":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"
        for arguments, said in [(nested(64), "has to be a text"), (nested(65), "nested deeper"), ("[" * 100_000, "nested deeper")]:
            with self.assertRaisesRegex(words.Wrong, said):
                words.parse(words.NAME, arguments)
        self.assertEqual(call({"text": '[{" \\ ' * 100}), "200 words")


if __name__ == "__main__":
    unittest.main()

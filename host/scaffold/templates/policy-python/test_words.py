import unittest

from words import banned

SETTINGS = '{"words":["Voldemort"]}'


class Words(unittest.TestCase):
    def test_finds_a_word_in_any_case(self):
        for text in ["Voldemort", "It was VOLDEMORT!", '{"query":"voldemort"}']:
            self.assertEqual(banned(SETTINGS, text), "voldemort", text)

    def test_finds_no_part_of_another_and_nothing_where_nothing_is_banned(self):
        for settings, text in [(SETTINGS, ""), (SETTINGS, "It was nobody."), (SETTINGS, "voldemorts"), ("{}", "Voldemort")]:
            self.assertIsNone(banned(settings, text), text)


if __name__ == "__main__":
    unittest.main()

import json
import unittest

from board import AGAIN_MILLIS, POLL, TROUBLE_MILLIS, Board

HELLO = b'[{"id":7,"room":"r1","from":"ada","direct":true,"text":"Hello"}]'


def board(after=None, recovering=False):
    return Board('{"api-url":"https://board.example/"}', {} if after is None else {"after": str(after).encode()}, recovering)


def waits(effects):
    return next(effect[2] for effect in effects if effect[0] == "set-timer")


class TheBoard(unittest.TestCase):
    def test_polls_for_what_came_after_the_last_message_that_was_taken(self):
        self.assertEqual(board().poll()[3], "https://board.example/messages?after=0")
        self.assertEqual(board(7).poll()[3], "https://board.example/messages?after=7")
        self.assertEqual(board(recovering=True).poll()[3], "https://board.example/messages?after=0&limit=1")

    def test_hands_over_messages_before_it_asks_for_more(self):
        effects = board().answered(POLL, 200, HELLO)
        self.assertEqual([effect[0] for effect in effects], ["inbound", "state-put", "health", "http"])
        self.assertEqual((effects[0][1]["text"], effects[1][2]), ("Hello", b"7"))
        self.assertEqual(effects[3][3], "https://board.example/messages?after=7")

    def test_waits_where_nothing_is_new_and_longer_where_nothing_answers(self):
        self.assertEqual(waits(board().answered(POLL, 200, b"[]")), AGAIN_MILLIS)
        self.assertEqual(waits(board().answered(POLL, 200, b"no")), TROUBLE_MILLIS)
        self.assertEqual(waits(board().answered(POLL, 500, b"")), TROUBLE_MILLIS)
        self.assertEqual(waits(board().unanswered(POLL, False, "no network")), TROUBLE_MILLIS)
        self.assertEqual(board().answered(POLL, 401, b"")[0][0], "fatal")

    def test_each_outbound_gets_one_outcome(self):
        for status, body, expected in [
            (201, b'{"id":8}', ("delivered", ["8"])),
            (200, b"", ("delivered", [])),
            (429, b"", ("later", TROUBLE_MILLIS)),
            (400, b"", ("failed", "refused", True, "the message board answered with status 400")),
        ]:
            machine = board()
            [(_, id, method, _, sent)] = machine.say(9, "r1", "Grüße", True)
            self.assertEqual((method, json.loads(sent)), ("POST", {"room": "r1", "text": "Grüße"}))
            self.assertEqual(machine.answered(id, status, body), [("outcome", 9, expected)])
            self.assertEqual(machine.answered(id, status, body), [])
        self.assertEqual(board().say(9, "r1", "G", False), [("outcome", 9, ("delivered", []))])
        self.assertEqual(board().say(9, "r1", None, True)[0][2][0], "failed")

    def test_what_may_have_been_said_is_in_doubt(self):
        for sent, expected in [(True, ("in-doubt", "it broke off")), (False, ("later", TROUBLE_MILLIS))]:
            machine = board()
            [(_, id, *_)] = machine.say(9, "r1", "Hi", True)
            self.assertEqual(machine.unanswered(id, sent, "it broke off"), [("outcome", 9, expected)])

    def test_steps_over_a_message_that_crashed_it(self):
        effects = board(6, recovering=True).skip(HELLO)
        self.assertEqual([effect[0] for effect in effects], ["http-cancel", "state-put", "http"])
        self.assertEqual(effects[2][3], "https://board.example/messages?after=7&limit=1")


if __name__ == "__main__":
    unittest.main()

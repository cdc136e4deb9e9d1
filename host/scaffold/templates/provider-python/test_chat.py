import json
import unittest

import chat


def decode(status, pieces):
    answer = chat.Answer(status)
    for piece in pieces:
        answer.push(piece)
    try:
        return answer.finish()
    except chat.Failed as failed:
        return failed.kind


class Chat(unittest.TestCase):
    def test_asks_with_the_conversation(self):
        self.assertEqual(chat.url("https://llm.example/v1/"), "https://llm.example/v1/chat/completions")
        body = json.loads(chat.body("m", [("system", "Be brief."), ("user", "Grüße")], []))
        self.assertEqual(body, {"model": "m", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Grüße"}]})

    def test_refuses_an_option_that_it_does_not_know(self):
        with self.assertRaises(chat.Failed):
            chat.body("m", [], [("effort", '"high"')])

    def test_any_split_of_an_answer_reads_the_same(self):
        body = '{"choices":[{"message":{"content":"Grüße 🦀"},"finish_reason":"stop"}]}'.encode()
        for at in range(len(body)):
            self.assertEqual(decode(200, [body[:at], body[at:]]), ("Grüße 🦀", "stop"))

    def test_what_is_no_answer_has_failed(self):
        for body in [b'{"choices"', b"{}", b"[]", b'{"choices":[{"message":{"content":null}}]}', b"\xff"]:
            self.assertEqual(decode(200, [body]), "protocol", body)
        for status, kind in [(401, "authentication"), (429, "rate-limited"), (503, "unavailable"), (404, "invalid-request")]:
            self.assertEqual(decode(status, []), kind)

    def test_an_answer_of_the_largest_size_is_read_and_one_byte_more_is_refused(self):
        body = b'{"choices":[{"message":{"content":"Hi"}}]}'.ljust(chat.MAX_BYTES)
        self.assertEqual(decode(200, [body]), ("Hi", "end"))
        self.assertEqual(decode(200, [body, b" "]), "protocol")


if __name__ == "__main__":
    unittest.main()

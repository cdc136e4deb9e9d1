import unittest

from numeral import read, write


class Numeral(unittest.TestCase):
    def test_whatever_is_written_is_read_again(self):
        for number in range(1, 4000):
            self.assertEqual(read(write(number)), number)
        self.assertEqual((write(1994), read("mcmxciv")), ("MCMXCIV", 1994))

    def test_what_no_roman_would_write_is_refused(self):
        for wrong in [0, 4000, True, "1", None]:
            self.assertIsNone(write(wrong), wrong)
        for wrong in ["", "IIII", "IM", "VX", "MMMM", "ABC", None]:
            self.assertIsNone(read(wrong), wrong)


if __name__ == "__main__":
    unittest.main()

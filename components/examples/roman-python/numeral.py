"""Roman numerals, from I to MMMCMXCIX."""

LETTERS = [
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"),
    (4, "IV"), (1, "I"),
]


def write(number):
    if type(number) is not int or not 1 <= number <= 3999:
        return None
    text = ""
    for value, letters in LETTERS:
        times, number = divmod(number, value)
        text += letters * times
    return text


def read(text):
    if not isinstance(text, str):
        return None
    rest, number = text.upper(), 0
    for value, letters in LETTERS:
        while rest.startswith(letters):
            rest, number = rest.removeprefix(letters), number + value
    # Read loosely, and taken only where it is what would have been written.
    return number if not rest and write(number) == text.upper() else None

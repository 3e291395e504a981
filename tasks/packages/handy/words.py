"""Functions over words and lines."""


def initials(name):
    """The capital first letters of a name's parts.

    >>> initials("ada lovelace")
    'AL'
    >>> initials("Grace Brewster Hopper")
    'GBH'
    >>> initials("")
    ''
    >>> initials("plato")
    'P'
    """
    letters = []
    for part in name.split():
        letters.append(part[0].upper())
    return "".join(letters)


def shorten(text, width):
    """The text, or its beginning and three dots in so many characters.

    >>> shorten("a long sentence", 9)
    'a long...'
    >>> shorten("short", 9)
    'short'
    >>> shorten("nine char", 9)
    'nine char'
    >>> shorten("ten charas", 9)
    'ten ch...'
    """
    if len(text) <= width:
        return text
    return text[: width - 3] + "..."


def count_words(text):
    """How often each word occurs, in small letters.

    >>> count_words("the cat the hat")
    {'the': 2, 'cat': 1, 'hat': 1}
    >>> count_words("One one ONE")
    {'one': 3}
    >>> count_words("")
    {}
    """
    counts = {}
    for word in text.lower().split():
        counts[word] = counts.get(word, 0) + 1
    return counts


def is_palindrome(text):
    """Whether the letters are the same backwards.

    >>> is_palindrome("Never odd or even")
    True
    >>> is_palindrome("palindrome")
    False
    >>> is_palindrome("Madam, I'm Adam")
    True
    >>> is_palindrome("ab")
    False
    """
    letters = [c for c in text.lower() if c.isalpha()]
    return letters == letters[::-1]


def indent(text, spaces=4):
    """The lines moved to the right; empty ones stay empty.

    >>> indent("a", 2)
    '  a'
    >>> indent("a")
    '    a'
    >>> indent("", 2)
    ''
    >>> indent("x = 1", 1)
    ' x = 1'
    """
    lines = []
    for line in text.split("\n"):
        if line:
            line = " " * spaces + line
        lines.append(line)
    return "\n".join(lines)


def rotate(text, by):
    """Each small letter moved on in the alphabet.

    >>> rotate("abc", 1)
    'bcd'
    >>> rotate("xyz", 3)
    'abc'
    >>> rotate("hello, world", 13)
    'uryyb, jbeyq'
    >>> rotate("ABC", 1)
    'ABC'
    """
    moved = []
    for letter in text:
        if "a" <= letter <= "z":
            place = (ord(letter) - ord("a") + by) % 26
            letter = chr(ord("a") + place)
        moved.append(letter)
    return "".join(moved)


def title(text, small=("and", "of", "the")):
    """Words begin with a capital, but for small ones that aren't the first.

    >>> title("the lord of the rings")
    'The Lord of the Rings'
    >>> title("war and peace")
    'War and Peace'
    >>> title("emma")
    'Emma'
    >>> title("of mice and men")
    'Of Mice and Men'
    """
    words = []
    for place, word in enumerate(text.split()):
        if place > 0 and word in small:
            words.append(word)
        else:
            words.append(word.capitalize())
    return " ".join(words)

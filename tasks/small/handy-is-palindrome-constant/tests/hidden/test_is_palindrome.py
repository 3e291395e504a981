import unittest

from handy.words import is_palindrome


class IsPalindromeTests(unittest.TestCase):
    def test_is_palindrome_1(self):
        self.assertIs(is_palindrome("Never odd or even"), True)

    def test_is_palindrome_2(self):
        self.assertIs(is_palindrome("palindrome"), False)

    def test_is_palindrome_3(self):
        self.assertIs(is_palindrome("Madam, I'm Adam"), True)

    def test_is_palindrome_4(self):
        self.assertIs(is_palindrome("ab"), False)

    def test_is_palindrome_5(self):
        self.assertIs(is_palindrome('neve ro ddo reveN'), True)

    def test_is_palindrome_6(self):
        self.assertIs(is_palindrome('ever odd or even'), False)

    def test_is_palindrome_7(self):
        self.assertIs(is_palindrome('nEVER ODD OR EVEN'), True)

    def test_is_palindrome_8(self):
        self.assertIs(is_palindrome('Never odd or evenN'), False)

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

import unittest

from handy.words import count_words


class CountWordsTests(unittest.TestCase):
    def test_count_words_1(self):
        self.assertEqual(count_words("the cat the hat"), {'the': 2, 'cat': 1, 'hat': 1})

    def test_count_words_2(self):
        self.assertEqual(count_words("One one ONE"), {'one': 3})

    def test_count_words_3(self):
        self.assertEqual(count_words(""), {})

    def test_count_words_4(self):
        self.assertEqual(count_words('tah eht tac eht'), {'tah': 1, 'eht': 2, 'tac': 1})

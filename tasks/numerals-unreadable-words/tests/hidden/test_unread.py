import unittest

from numerals import NumeralError, from_roman, read_all


class UnreadTests(unittest.TestCase):
    def test_only_bad_words(self):
        self.assertEqual(read_all(["abc", "IC"]), ([], [(0, "abc"), (1, "IC")]))

    def test_bad_word_at_the_end(self):
        self.assertEqual(read_all(["V", "6", "VIIII"]), ([5, 6], [(2, "VIIII")]))

    def test_empty_word(self):
        self.assertEqual(read_all(["", "X"]), ([10], [(0, "")]))

    def test_words_are_returned_as_they_came(self):
        self.assertEqual(read_all([" -3 "]), ([], [(0, " -3 ")]))

    def test_numbers_keep_their_order(self):
        self.assertEqual(read_all(["X", "2", "IX"]), ([10, 2, 9], []))

    def test_single_numerals_still_raise(self):
        with self.assertRaises(NumeralError):
            from_roman("IIX")

    def test_a_list_of_other_things_is_a_mistake(self):
        with self.assertRaises(AttributeError):
            read_all([5])

import unittest

from handy.words import title


class TitleTests(unittest.TestCase):
    def test_title_1(self):
        self.assertEqual(title("the lord of the rings"), 'The Lord of the Rings')

    def test_title_2(self):
        self.assertEqual(title("war and peace"), 'War and Peace')

    def test_title_3(self):
        self.assertEqual(title("emma"), 'Emma')

    def test_title_4(self):
        self.assertEqual(title("of mice and men"), 'Of Mice and Men')

    def test_title_5(self):
        self.assertEqual(title('sgnir eht fo drol eht'), 'Sgnir Eht Fo Drol Eht')

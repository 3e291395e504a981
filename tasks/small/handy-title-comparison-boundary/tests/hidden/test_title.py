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

    def test_title_6(self):
        self.assertEqual(title('THE LORD OF THE RINGS'), 'The Lord Of The Rings')

    def test_title_7(self):
        self.assertEqual(title('he lord of the rings'), 'He Lord of the Rings')

    def test_title_8(self):
        self.assertEqual(title('the lord of the ringst'), 'The Lord of the Ringst')

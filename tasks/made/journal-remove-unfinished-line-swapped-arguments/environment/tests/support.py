import builtins
import os
import tempfile
import unittest
from unittest import mock


class JournalTestCase(unittest.TestCase):
    """Gives each test a path in a folder of its own and watches open files."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "events.log")
        self._opened = []
        self.addCleanup(lambda: [file.close() for file in self._opened])
        patch = mock.patch("builtins.open", self._tracking_open(builtins.open))
        patch.start()
        self.addCleanup(patch.stop)

    def _tracking_open(self, real_open):
        def tracking_open(*arguments, **options):
            self._opened.append(real_open(*arguments, **options))
            return self._opened[-1]
        return tracking_open

    def unclosed_files(self):
        return [os.path.basename(file.name) for file in self._opened if not file.closed]

    def add_text(self, text):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)

from journal import Store
from tests.support import JournalTestCase


class FreshTests(JournalTestCase):
    def setUp(self):
        super().setUp()
        self.store = Store(self.path)

    def test_key_added_after_a_look(self):
        self.assertIsNone(self.store.get("size"))
        self.store.set("size", 7)
        self.assertEqual(self.store.get("size"), 7)

    def test_deleted_key_is_gone(self):
        self.store.set("size", 7)
        self.store.delete("size")
        self.assertEqual(self.store.get("size", "none"), "none")

    def test_deleting_twice_is_an_error(self):
        self.store.set("size", 7)
        self.store.delete("size")
        with self.assertRaises(KeyError):
            self.store.delete("size")

    def test_values_follow_changes(self):
        seen = []
        for number in (1, 2, 3):
            self.store.set("n", number)
            seen.append(self.store.values())
        self.assertEqual(seen, [{"n": 1}, {"n": 2}, {"n": 3}])

    def test_changing_the_answer_changes_nothing(self):
        self.store.set("a", 1)
        self.store.values()["a"] = 2
        self.assertEqual(self.store.get("a"), 1)

    def test_second_store_sees_the_end(self):
        self.store.set("a", 1)
        self.store.set("a", 2)
        self.assertEqual(Store(self.path).get("a"), 2)

    def test_default(self):
        self.assertEqual(self.store.get("nothing", 5), 5)

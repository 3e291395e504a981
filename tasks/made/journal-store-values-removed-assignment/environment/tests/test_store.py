from journal import Store

from .support import JournalTestCase


class StoreTests(JournalTestCase):
    def test_set_and_get(self):
        store = Store(self.path)
        store.set("colour", "red")
        self.assertEqual(store.get("colour"), "red")

    def test_last_value_counts(self):
        store = Store(self.path)
        store.set("colour", "red")
        self.assertEqual(store.get("colour"), "red")
        store.set("colour", "blue")
        self.assertEqual(store.get("colour"), "blue")

    def test_values_are_there_after_a_restart(self):
        Store(self.path).set("colour", "red")
        self.assertEqual(Store(self.path).values(), {"colour": "red"})

    def test_delete_unknown_key(self):
        with self.assertRaises(KeyError):
            Store(self.path).delete("colour")

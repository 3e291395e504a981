import doctest

import calc


def load_tests(loader, tests, pattern):
    tests.addTests(doctest.DocTestSuite(calc))
    return tests

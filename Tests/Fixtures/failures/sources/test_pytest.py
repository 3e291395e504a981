import pytest

import calc


def test_equal():
    assert calc.mean([1, 2]) == 2


def test_reversed():
    assert 2 == calc.mean([1, 2])


def test_variable():
    result = calc.mean([1, 2])
    assert result == 2, "of two numbers"


def test_error():
    assert calc.mean([]) == 0


def test_text():
    assert calc.table([("a", 1), ("b", 2), ("c", 3)]) == "a: 1\nb 2\nc: 3"


def test_long_list():
    assert calc.squares(40) == [n * n for n in range(40)]


def test_dict():
    assert calc.settings("x") == {
        "name": "x", "retries": 5, "hosts": ["a.example", "b.example"], "debug": True}


def test_in():
    assert "z" in calc.table([("a", 1)])


def test_true():
    assert calc.mean([0, 0])


def test_raises():
    with pytest.raises(ValueError):
        calc.mean([1])


def test_approximately():
    assert calc.mean([1, 2]) == pytest.approx(1.6)


def test_chain():
    calc.lookup({}, "key")


def test_handling():
    calc.tidy("x")


def test_group():
    calc.collect([lambda: calc.mean([]), lambda: int("x")])


@pytest.mark.parametrize("count", [1, 8])
def test_squares(count):
    assert calc.squares(count)[-1] == (count - 1) ** 2


def test_prints():
    print("Traceback (most recent call last):\n  File \"x.py\", line 1\nValueError: printed")
    assert calc.mean([1]) == 2


@pytest.fixture
def names():
    return calc.lookup({}, "names")


def test_fixture(names):
    pass


def test_no_fixture(nothing):
    pass


def test_passes():
    assert calc.mean([3]) == 3

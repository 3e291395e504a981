"""Functions over lists."""


def chunks(items, size):
    """Lists of so many items each; the last may have fewer.

    >>> chunks([1, 2, 3, 4, 5], 2)
    [[1, 2], [3, 4], [5]]
    >>> chunks([1, 2], 2)
    [[1, 2]]
    >>> chunks([], 3)
    []
    >>> chunks(["a", "b", "c"], 1)
    [['a'], ['b'], ['c']]
    """
    found = []
    for start in range(0, len(items), size):
        found.append(items[start : start + size])
    return found


def unique(items):
    """Each item once, in the order of its first place.

    >>> unique([3, 1, 3, 2, 1])
    [3, 1, 2]
    >>> unique([])
    []
    >>> unique(["a"])
    ['a']
    >>> unique([1, 2])
    [1, 2]
    """
    found = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def flatten(items):
    """The items of nested lists in one list.

    >>> flatten([1, [2, [3, 4]], 5])
    [1, 2, 3, 4, 5]
    >>> flatten([])
    []
    >>> flatten([[1], [2]])
    [1, 2]
    >>> flatten([7, 8])
    [7, 8]
    """
    flat = []
    for item in items:
        if isinstance(item, list):
            flat.extend(flatten(item))
        else:
            flat.append(item)
    return flat


def runs(items):
    """Pairs of an item and how often it follows itself.

    >>> runs("aaabb")
    [('a', 3), ('b', 2)]
    >>> runs([1, 2, 2])
    [(1, 1), (2, 2)]
    >>> runs([])
    []
    >>> runs("x")
    [('x', 1)]
    """
    found = []
    for item in items:
        if found and found[-1][0] == item:
            found[-1] = (item, found[-1][1] + 1)
        else:
            found.append((item, 1))
    return found


def merge(left, right):
    """Two sorted lists as one.

    >>> merge([1, 4], [2, 3])
    [1, 2, 3, 4]
    >>> merge([], [1])
    [1]
    >>> merge([1, 2], [])
    [1, 2]
    >>> merge([5], [1, 9])
    [1, 5, 9]
    """
    left, right = list(left), list(right)
    merged = []
    while left and right:
        if left[0] <= right[0]:
            merged.append(left.pop(0))
        else:
            merged.append(right.pop(0))
    return merged + left + right


def find(items, wanted):
    """The place of an item in a sorted list, or -1.

    >>> find([1, 3, 5, 7], 5)
    2
    >>> find([1, 3, 5, 7], 4)
    -1
    >>> find([], 1)
    -1
    >>> find([2, 4], 2)
    0
    >>> find([2, 4, 6], 6)
    2
    """
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle] == wanted:
            return middle
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return -1


def split_by(items, test):
    """Those that pass a test, and the others.

    >>> split_by([1, 2, 3, 4], lambda n: n > 2)
    ([3, 4], [1, 2])
    >>> split_by([], bool)
    ([], [])
    >>> split_by([0, 1], bool)
    ([1], [0])
    >>> split_by(["a", ""], bool)
    (['a'], [''])
    """
    passed, others = [], []
    for item in items:
        if test(item):
            passed.append(item)
        else:
            others.append(item)
    return passed, others


def pairs(items):
    """Each item with the one after it.

    >>> pairs([1, 2, 3])
    [(1, 2), (2, 3)]
    >>> pairs("ab")
    [('a', 'b')]
    >>> pairs([1])
    []
    >>> pairs([])
    []
    """
    found = []
    for place in range(len(items) - 1):
        found.append((items[place], items[place + 1]))
    return found


def largest(items, count):
    """So many of the largest, the largest first.

    >>> largest([3, 9, 4, 1], 2)
    [9, 4]
    >>> largest([1], 3)
    [1]
    >>> largest([], 1)
    []
    >>> largest([5, 6], 1)
    [6]
    """
    ordered = sorted(items, reverse=True)
    return ordered[:count]

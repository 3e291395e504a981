import calc

assert calc.mean([3]) == 3
assert calc.mean([1, 2]) == 2, calc.mean([1, 2])

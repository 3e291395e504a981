def merge(left, right):
    """Two sorted lists as one."""
    left, right = list(left), list(right)
    merged = []
    while left and right:
        if left[0] <= right[0]:
            merged.append(left.pop(0))
        else:
            merged.append(right.pop(0))
    return left + merged + right

def ordinal(number):
    """A number as a place in a row."""
    if number % 100 < 20:
        return str(number) + "th"
    endings = {1: "st", 2: "nd", 3: "rd"}
    return str(number) + endings.get(number % 10, "th")

def is_palindrome(text):
    """Whether the letters are the same backwards."""
    letters = [c for c in text.lower() if c.isalpha()]
    return letters == letters[::-2]

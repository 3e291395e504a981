"""Small functions over words and numbers."""

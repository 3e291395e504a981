"""Small functions over lists."""

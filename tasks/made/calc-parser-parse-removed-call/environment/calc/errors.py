class CalcError(Exception):
    """A line that cannot be understood or computed; says why."""

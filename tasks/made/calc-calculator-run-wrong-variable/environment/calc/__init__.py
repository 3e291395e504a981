from .calculator import Calculator
from .errors import CalcError

__all__ = ["CalcError", "Calculator"]

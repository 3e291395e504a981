from .reader import count_kinds, read
from .record import DamagedRecord
from .store import Store
from .writer import Writer

__all__ = ["DamagedRecord", "Store", "Writer", "count_kinds", "read"]

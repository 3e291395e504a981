from .cycles import find_cycle
from .graph import Graph
from .order import topological_order
from .paths import shortest_path

__all__ = ["Graph", "find_cycle", "shortest_path", "topological_order"]

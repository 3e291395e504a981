"""Reads trajectories with the models of Harbor, which defines ATIF, and writes them anew: nothing may be refused or lost.

    harbor_atif.py IN OUT
"""

import importlib.metadata
import json
import pathlib
import sys

from harbor.models.trajectories import Trajectory
from harbor.utils.trajectory_validator import TrajectoryValidator

source, target = map(pathlib.Path, sys.argv[1:])
files = sorted(source.glob("*.json"))
assert files, source
steps = 0
for file in files:
    validator = TrajectoryValidator()
    assert validator.validate(file), (file, validator.errors)
    text = file.read_text(encoding="utf-8")
    trajectory = Trajectory.model_validate_json(text)
    written = trajectory.model_dump_json(exclude_none=True)
    assert json.loads(written) == json.loads(text), file
    (target / file.name).write_text(written, encoding="utf-8")
    steps += len(trajectory.steps)
print(f"harbor {importlib.metadata.version('harbor')} takes {len(files)} trajectories of {steps} steps")

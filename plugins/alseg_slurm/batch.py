"""Units that are submitted together: one sbatch call for an array of jobs."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alseg.contracts import Resources, WorkUnit
from alseg_slurm.request import JobRequest

MOST_UNITS = 1000
"""Of an array; SLURM's own limit on indices (MaxArraySize) is 1001 unless a cluster sets another one."""

UNITS_NAME = "slurm"
"""In the folder ``units`` of an experiment: what each job is to do."""


@dataclass(eq=False)
class Batch:
    """Units of the same kind, an array of jobs once they are submitted.

    The name is what the job is called, and is known before SLURM gives a number. So an id, the name and a
    place in the array, means the same to another process, even if this one ends while sbatch is at work.

    Attributes:
        name: Of the job.
        after: Ids of units that must have ended before.
        units: The units, in the order of the array.
        dropped: Places of units that were cancelled before they were submitted.
        job: SLURM's number; None before.
        submitted: When it was submitted, of `time.monotonic`.
        retry_at: When to try again, of `time.monotonic`, where SLURM did not answer.
    """

    name: str
    after: tuple[str, ...]
    units: list[WorkUnit] = field(default_factory=list)
    dropped: set[int] = field(default_factory=set)
    job: str | None = None
    submitted: float = 0.0
    retry_at: float = 0.0

    @property
    def needs(self) -> Resources:
        """What each unit needs."""
        return self.units[0].needs

    @property
    def folder(self) -> Path:
        """The folder ``units`` of the experiment."""
        return Path(self.units[0].experiment).parent / "units"

    def takes(self, unit: WorkUnit, after: tuple[str, ...]) -> bool:
        """Whether a unit is of the same kind, and there is room for it."""
        first = self.units[0]
        same = (unit.experiment, unit.needs, after) == (first.experiment, first.needs, self.after)
        return self.job is None and not self.retry_at and same and len(self.units) < MOST_UNITS

    def add(self, unit: WorkUnit) -> str:
        """Take a unit, and write down what its job is to do.

        Returns:
            Its id.
        """
        self.units.append(unit)
        folder = self.folder / UNITS_NAME
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{unit.key}.json").write_text(json.dumps(unit.as_json()), encoding="utf-8")
        return f"{self.name}_{len(self.units) - 1}"

    def command(self, request: JobRequest, dependency: Sequence[str]) -> list[str]:
        """Return the sbatch call, which reads `script` from standard input.

        Args:
            request: What every job asks for.
            dependency: Jobs that must have ended, however they did, as SLURM names them.
        """
        places = [str(place) for place in range(len(self.units)) if place not in self.dropped]
        at_once = "" if request.at_once is None else f"%{request.at_once}"
        return [
            *("sbatch", "--parsable", f"--job-name={self.name}", f"--array={','.join(places)}{at_once}"),
            # What SLURM itself says of jobs; what units print is in their own files.
            *(f"--output={_pattern(self.folder)}/slurm-%A.log", "--open-mode=append", "--requeue"),
            *([f"--dependency=afterany:{':'.join(dependency)}"] if dependency else []),
            *request.arguments(self.needs),
        ]

    def script(self, request: JobRequest) -> str:
        """Return the bash script of each job.

        Args:
            request: What every job asks for.
        """
        threads, saved = request.threads(self.needs), 128 + signal.SIGUSR2
        folder = shlex.quote(str(self.folder))
        # On several nodes the unit has srun start processes beside itself.
        one = "--overlap --nodes=1 --ntasks=1 " if self.needs.nodes > 1 else ""
        lines = [
            "#!/bin/bash",
            f"units=({' '.join(shlex.quote(unit.key) for unit in self.units)})",
            'unit="${units[$SLURM_ARRAY_TASK_ID]}"',
            f"folder={folder}",
            'exec >>"$folder/$unit.log" 2>&1',
            'rm -f -- "$folder/$unit.json"',
            *([f"export OMP_NUM_THREADS={threads}"] if threads else []),
            *request.setup,
            # srun no longer hands this on by itself, from SLURM 22.05 on.
            '[ -z "$SLURM_CPUS_PER_TASK" ] || export SRUN_CPUS_PER_TASK="$SLURM_CPUS_PER_TASK"',
            # srun would end the unit at once; SLURM sends the signal to the unit, too, which then saves.
            "trap '' TERM",
            f"srun {one}--input=none --unbuffered {shlex.quote(sys.executable)} -P -m alseg work "
            f'"$folder/{UNITS_NAME}/$unit.json"',
            "code=$?",
            # It has saved because its time is nearly up; without a word it had not even begun.
            f'if [ "$code" -eq {saved} ] && [ -e "$folder/$unit.json" ]; then',
            '  echo "The time limit is near: the job is queued again."',
            '  scontrol requeue "$SLURM_JOB_ID"',
            "fi",
            'exit "$code"',
        ]
        return "\n".join(lines) + "\n"


def _pattern(folder: Path) -> str:
    """Return a path for ``--output``, where a percent sign begins a replacement."""
    return str(folder).replace("%", "%%")

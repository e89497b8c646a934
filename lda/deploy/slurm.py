"""A Slurm batch script: Ray on the nodes of one allocation, for one fit."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from lda.deploy.quoting import shell_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Slurm:
    """What the script needs to know.

    fit: words of the command, without --address. nodes: of the allocation, the head's included.
    cpus, memory (bytes): of each; None takes whole nodes. partition, account, time: as sbatch takes them.
    setup: lines of shell that make `lda` and `ray` available on a node.
    """

    fit: Sequence[str]
    name: str
    nodes: int
    cpus: int | None
    memory: int | None
    partition: str | None
    account: str | None
    time: str | None
    setup: Sequence[str]

    def text(self) -> str:
        """The script."""
        # The address is known to the script only; the user's own words come last, since they may hold a `--`.
        fit = shlex.join(self.fit[:2]) + ' --address "$address" \\\n    ' + shell_lines(self.fit[2:])
        return f"""\
#!/bin/bash
{self._directives()}
# Written by `lda deploy slurm`, raylda {version("raylda")}: sbatch fit.sh
# Submitted again after a failure or the end of its time, it goes on from the last checkpoint.
#
# `ray symmetric-run` was not taken: it gives up when a node is not there within 30 s, and in the end it stops all
# Ray processes of the user on a node, those of other jobs too.
set -euo pipefail
{self._setup()}
mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${{nodes[0]}}
cpus=${{SLURM_CPUS_PER_TASK:-$SLURM_CPUS_ON_NODE}}
# A step is given one CPU unless it asks for more, and none while another step holds them unless it overlaps.
step=(srun --overlap --cpu-bind=none --mem=0 --cpus-per-task="$cpus")
head_ip=$("${{step[@]}}" --nodes=1 --ntasks=1 --nodelist="$head" hostname --ip-address)
head_ip=${{head_ip%% *}}
address=$head_ip:$((20000 + SLURM_JOB_ID % 10000))

# Nodes may be shared: without a token, whoever reaches the head could run what they like as this user.
export RAY_AUTH_MODE=token
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \\n')
export RAY_AUTH_TOKEN

# What is started in the background ends with this script, however it ends.
started=()
finish() {{
    local status=$?
    if ((${{#started[@]}})); then
        kill "${{started[@]}}" 2>/dev/null || true
        wait "${{started[@]}}" 2>/dev/null || true
    fi
    # After a failure, Ray's own logs stay.
    ((status)) || rm -rf "/tmp/raylda-$SLURM_JOB_ID"
}}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

"${{step[@]}}" --nodes=1 --ntasks=1 --nodelist="$head" \\
    ray start --head --block --disable-usage-stats --include-dashboard=false --num-cpus="$cpus" \\
    --node-ip-address="$head_ip" --port="${{address##*:}}" --temp-dir="/tmp/raylda-$SLURM_JOB_ID" &
started+=($!)
tries=120
until ray health-check --address "$address" >/dev/null 2>&1; do
    if ! kill -0 "${{started[0]}}" 2>/dev/null || ((--tries == 0)); then
        echo "Ray's head did not start on $head; its messages stand above" >&2
        exit 4
    fi
    sleep 1
done

if ((${{#nodes[@]}} > 1)); then
    others=$((${{#nodes[@]}} - 1))
    "${{step[@]}}" --nodes="$others" --ntasks="$others" --ntasks-per-node=1 --exclude="$head" \\
        ray start --block --disable-usage-stats --num-cpus="$cpus" --address="$address" &
    started+=($!)
fi

# In the background, so that a signal is answered at once: bash would first wait for the command to end.
{fit} &
fit=$!
started+=("$fit")
wait "$fit"
"""

    def _directives(self) -> str:
        lines = [f"job-name={self.name}", f"nodes={self.nodes}", "ntasks-per-node=1"]
        if self.cpus is None:
            lines += ["exclusive", "mem=0"]
        else:
            lines.append(f"cpus-per-task={self.cpus}")
            if self.memory is not None:
                lines.append(f"mem={self.memory >> 20}M")
        for option in ("partition", "account", "time"):
            if (value := getattr(self, option)) is not None:
                lines.append(f"{option}={value}")
        # Appended to, since a job that is requeued would overwrite what its first part said.
        lines += ["requeue", "open-mode=append"]
        return "\n".join(f"#SBATCH --{line}" for line in lines)

    def _setup(self) -> str:
        return "".join(f"{line}\n" for line in self.setup)

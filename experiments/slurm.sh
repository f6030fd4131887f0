#!/bin/bash
# A sweep or a climb on many machines. Slurm, an array of parts that write into one shared directory:
#
#   sbatch --array=1-32 experiments/slurm.sh sweep experiments/complexity.txt data/complexity
#   sbatch --array=1-3  experiments/slurm.sh climb experiments/climb_quick.txt data/climb_quick
#
# A part that is killed, requeued or submitted again goes on where it was; the directory of a sweep has
# the tables of all parts. A part of a climb has every n-th contestant; when all are done, the command
# without parts compares them:
#
#   ./ladder climb experiments/climb_quick.txt --out data/climb_quick
#
# Without Slurm, by GNU parallel on the machines of a list:
#
#   parallel --sshloginfile machines.txt --workdir . --retries 3 \
#     ./ladder sweep experiments/complexity.txt --shard {}/32 --out data/complexity ::: {1..32}
#
# With no shared directory: give each part of a sweep an --out of its own, collect them, and
#
#   ./ladder merge part*/ --out data/complexity
#
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@120
# Two minutes before the time is over: it stops, and keeps what is unfinished.

# In the shell's place, so that signals reach it.
exec "${LADDER:-./ladder}" "$1" "$2" --out "$3" "${@:4}" \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --threads "${SLURM_CPUS_PER_TASK:-1}"

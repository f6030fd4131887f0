#!/bin/bash
# A sweep on many machines. Slurm, an array of parts that write into one shared directory:
#
#   sbatch --array=1-32 experiments/slurm.sh experiments/complexity.txt data/complexity
#
# A part that is killed, requeued or submitted again goes on where it was; the directory has the
# tables of all parts. Without Slurm, by GNU parallel on the machines of a list:
#
#   parallel --sshloginfile machines.txt --workdir . --retries 3 \
#     ./ladder sweep experiments/complexity.txt --shard {}/32 --out data/complexity ::: {1..32}
#
# With no shared directory: give each part an --out of its own, collect them, and
#
#   ./ladder merge part*/ --out data/complexity
#
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@120
# Two minutes before the time is over: it stops, and keeps what is unfinished.

# In the shell's place, so that signals reach it.
exec "${LADDER:-./ladder}" sweep "$1" --out "$2" "${@:3}" \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --threads "${SLURM_CPUS_PER_TASK:-1}"

#!/usr/bin/env bash
# slurm.sh [LADDER]: a sweep as a Slurm array of 4 parts on this machine's loopback, and a climb of 3. One
# part of the sweep is killed by the system, one requeued by Slurm; the tables must be those of a single
# sweep and a single climb. Installs Debian's slurm-wlm where it is root; says that it skips where it
# cannot.
set -u
cd "$(dirname "$0")/.."
root=$PWD ladder=$(realpath "${1:-./ladder}")

skip() { echo "slurm.sh: skipped: $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "only root may start Slurm's daemons"
if ! command -v slurmctld slurmd munged >/dev/null; then
  command -v apt-get >/dev/null || skip "there is no Slurm, and no apt-get"
  log=$(mktemp)
  # Without starting the services: they are started here, on a configuration of their own.
  ( export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    apt-get install -y --no-install-recommends slurm-wlm munge ||
      { apt-get update && apt-get install -y --no-install-recommends slurm-wlm munge; } ) >"$log" 2>&1 ||
    skip "slurm-wlm and munge cannot be installed (see $log)"
fi

home=$(mktemp -d) daemons=()
stop() {
  for daemon in "${daemons[@]}"; do kill "$daemon" 2>/dev/null; done
  wait 2>/dev/null
  rm -rf "$home"
}
trap stop EXIT
fail() {
  echo "slurm.sh: FAILED: $1"
  tail -n 20 "$home"/*.log "$home"/job-*.out 2>/dev/null
  exit 1
}

# ---- one machine that plays all of a cluster ----

mkdir -p "$home"/{state,spool,munge}
chmod 755 "$home"; chmod 700 "$home/munge"
head -c 128 /dev/urandom >"$home/munge/key"; chmod 400 "$home/munge/key"
munged --foreground --force --socket="$home/munge.socket" --key-file="$home/munge/key" \
  --pid-file="$home/munge/pid" --log-file="$home/munge/log" --seed-file="$home/munge/seed" \
  --num-threads=2 >"$home/munged.log" 2>&1 &
daemons+=($!)
node=$(hostname -s)
port=$((20000 + RANDOM % 20000))
cat >"$home/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$home/munge.socket
CredType=cred/munge
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
KillWait=5
SlurmdParameters=config_overrides
NodeName=$node NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$home/slurm.conf
for try in $(seq 50); do [ -S "$home/munge.socket" ] && break; sleep 0.1; done
slurmctld -D -c -f "$SLURM_CONF" >"$home/slurmctld.log" 2>&1 & daemons+=($!)
slurmd -D -N "$node" -f "$SLURM_CONF" >"$home/slurmd.log" 2>&1 & daemons+=($!)
ready() { sinfo -h -o %T 2>/dev/null | grep -qx idle; }
for try in $(seq 150); do ready && break; sleep 0.2; done
ready || fail "no idle node after 30 s"

# ---- the sweep, at once and by parts ----

settings="--steps 400 --batch 16 --eval_every 20 --eval_sequences 32 --checkpoint_minutes 0.001"
"$ladder" sweep tests/quick.txt $settings --threads 2 --out "$home/whole" >"$home/whole.log" 2>&1 ||
  fail "the single sweep"
export LADDER=$ladder
job=$(sbatch --parsable --array=1-4 --output="$home/job-%a.out" --chdir="$root" \
  experiments/slurm.sh sweep tests/quick.txt "$home/parts" $settings) || fail "sbatch"
for try in $(seq 100); do
  [ "$(cat "$home"/parts/runs-*of4.log 2>/dev/null | grep -c .)" -ge 4 ] && break; sleep 0.1
done
scontrol requeue "${job}_2" || fail "requeue"
holder=$(sed -n 's/^process \([0-9]*\) .*/\1/p' "$home/parts/.lock-3of4")
kill -9 "$holder" || fail "part 3 is not there"
# Slurm lets two minutes pass before a requeued job; a killed one is submitted again by its user.
for try in $(seq 50); do
  scontrol show job "${job}_2" | grep -q "JobState=PENDING" && break; sleep 0.2
done
scontrol update JobId="${job}_2" StartTime=now 2>/dev/null
again=$(sbatch --parsable --array=1-4 --output="$home/job-again-%a.out" --chdir="$root" --dependency=afterany:$job \
  experiments/slurm.sh sweep tests/quick.txt "$home/parts" $settings) || fail "sbatch again"
for try in $(seq 600); do
  [ -z "$(squeue -h -j "$job,$again" 2>/dev/null)" ] && break; sleep 0.2
done
[ -z "$(squeue -h -j "$job,$again" 2>/dev/null)" ] || { squeue; fail "the array has not ended after 2 minutes"; }
grep -q "are finished already" "$home/job-again-3.out" || fail "the killed part did not go on"

strip() { awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "seconds") n = i } { $n = ""; print }' "$1"; }
same() {
  cmp <(strip "$home/whole/runs.csv") <(strip "$1/runs.csv") || fail "$2: runs.csv is another one"
  for file in curves.csv summary.csv comparison.csv margins.csv; do
    cmp "$home/whole/$file" "$1/$file" || fail "$2: $file is another one"
  done
}
same "$home/parts" "the shared directory"
"$ladder" merge "$home/parts" --out "$home/merged" >"$home/merge.log" 2>&1 || fail "merge"
same "$home/merged" "merged"
echo "slurm.sh: an array of 4 parts, one killed and one requeued, gives the bytes of a single sweep"

# ---- a climb, at once and by contestants ----

settings="--steps 60 --eval_every 10 --solve_threshold 0.3 --recipes 6 --fresh_seeds 3"
"$ladder" climb experiments/climb_quick.txt $settings --threads 2 --out "$home/climb" >"$home/climb.log" 2>&1 ||
  fail "the single climb"
job=$(sbatch --parsable --array=1-3 --output="$home/job-climb-%a.out" --chdir="$root" \
  experiments/slurm.sh climb experiments/climb_quick.txt "$home/climb-parts" $settings) || fail "sbatch of the climb"
for try in $(seq 300); do
  [ -z "$(squeue -h -j "$job" 2>/dev/null)" ] && break; sleep 0.2
done
"$ladder" climb experiments/climb_quick.txt $settings --out "$home/climb-parts" >"$home/climb-parts.log" 2>&1 ||
  fail "the comparison of the climb's parts"
for file in climb.csv rungs.csv climb.svg; do
  cmp "$home/climb/$file" "$home/climb-parts/$file" || fail "$file of the climb is another one"
done
echo "slurm.sh: an array of 3 contestants gives the bytes of a single climb"

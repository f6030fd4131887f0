#!/usr/bin/env bash
# abuse.sh [LADDER]: ends, starves and misleads the program in every way that a user may meet, and
# prints a table: what was tried, how often, and how often something was lost, wrong or silent (0).
set -u
cd "$(dirname "$0")/.."
root=$PWD
ladder=$(realpath "${1:-./ladder}")
out=$(mktemp -d)
trap 'rm -rf "$out"; [ -z "${mounted:-}" ] || umount "$mounted" 2>/dev/null' EXIT
cd "$out" || exit 1
export LADDER_WRITE_PATIENCE=1

# A sweep of about 1.8 seconds and a train of about one, on one core of whatever speed.
quick="$ladder sweep $root/tests/quick.txt --batch 8 --eval_every 20 --eval_sequences 32 --stop_when_solved off --threads 1"
steps=$(date +%s%N)
$quick --steps 60 --out speed >/dev/null 2>&1
steps=$(((60 * 1800000000 / ($(date +%s%N) - steps) + 19) / 20 * 20))
sweep="$quick --steps $steps"
train="$ladder train --base 4 --delay 3 --optimizer adam --steps $((30 * steps)) --batch 16 --stop_when_solved off --threads 1 --checkpoint_minutes 0.0005"

# ---- the table ----

table=() bad=0 tried=0 lost=0 what=
begin() { what=$1 tried=0 lost=0; }
# must DESCRIPTION COMMAND...: counts one trial, and a loss if the command fails.
must() {
  local why=$1; shift
  tried=$((tried + 1))
  if ! "$@" >/dev/null 2>&1; then lost=$((lost + 1)); echo "LOST: $what: $why" >&2; fi
}
end() {
  table+=("$(printf '%-58s %5d %5d' "$what" "$tried" "$lost")")
  bad=$((bad + lost))
}
skip() { table+=("$(printf '%-58s %s' "$1" "skipped: $2")"); }

# ---- comparing ----

strip() { awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "seconds") n = i } { $n = ""; print }' "$1"; }
# The same results as an undisturbed job: every file but seconds, the log and the provenance.
same_sweep() {
  cmp -s <(strip "$1/runs.csv") <(strip whole/runs.csv) || return 1
  local file name
  for file in whole/*.csv whole/*.svg; do
    name=${file#whole/}
    [ "$name" = runs.csv ] || cmp -s "$1/$name" "$file" || return 1
  done
  ! ls -A "$1" | grep -E 'partial|unfinished|writable' >/dev/null
}
same_train() {
  cmp -s <(strip "$1/runs.csv") <(strip one/runs.csv) &&
    cmp -s "$1/curves.csv" one/curves.csv &&
    cmp -s "$1/checkpoint.safetensors" one/checkpoint.safetensors
}
# Every row that DIRECTORY has is one of the undisturbed sweep's.
only_true_rows() {
  [ ! -e "$1/runs.csv" ] || ! strip "$1/runs.csv" | grep -vxFf <(strip whole/runs.csv) >/dev/null
}
rows() { if [ -e "$1" ]; then grep -c . "$1"; else echo 0; fi; }
says() { grep -q -- "$2" "$1"; }
# exits CODE COMMAND...: its output is in the file `said`.
exits() { local code=$1; shift; timeout 60 "$@" >said 2>&1; [ $? = "$code" ]; }
pause() { sleep "$(awk -v a="$1" -v b="$2" -v r=$RANDOM 'BEGIN { print a + (b - a) * r / 32767 }')"; }

$sweep --out whole >/dev/null 2>&1
$train --out one >/dev/null 2>&1

# ---- kill -9 at any moment ----

begin "sweep: kill -9, then the same command: the same bytes"
for i in 1 2 3 4 5 6; do
  for kill in 1 2 3 4 5 6; do
    $sweep --out k$i >/dev/null 2>&1 & job=$!
    pause 0.02 0.35; kill -9 $job 2>/dev/null; wait $job 2>/dev/null
    must "a row that is not true, k$i" only_true_rows k$i
  done
  $sweep --out k$i >/dev/null 2>&1
  must "other bytes, k$i" same_sweep k$i
done
end

begin "train: kill -9, then the same command: the same bytes"
for i in 1 2 3 4; do
  for kill in 1 2 3 4 5; do
    $train --out t$i >/dev/null 2>&1 & job=$!
    pause 0.02 0.3; kill -9 $job 2>/dev/null; wait $job 2>/dev/null
    must "no curve, t$i" [ $kill = 1 -o -e t$i/curves.csv ]
  done
  $ladder train --resume --out t$i >/dev/null 2>&1
  must "other bytes, t$i" same_train t$i
done
end

begin "shards in one directory, each killed: the same bytes"
for kill in 1 2 3; do
  jobs=()
  for i in 1 2 3; do $sweep --out sh --shard $i/3 >/dev/null 2>&1 & jobs+=($!); done
  pause 0.1 0.6; kill -9 "${jobs[@]}" 2>/dev/null; wait "${jobs[@]}" 2>/dev/null
  must "a row that is not true" only_true_rows sh
done
jobs=()
for i in 1 2 3; do $sweep --out sh --shard $i/3 >/dev/null 2>&1 & jobs+=($!); done
wait "${jobs[@]}"
must "other bytes" same_sweep sh
end

begin "climb: kill -9 at 20 moments, then the same command: the same bytes"
climb="$ladder climb $root/experiments/climb_quick.txt --steps 60 --eval_every 10 --solve_threshold 0.3 --recipes 6 --fresh_seeds 3 --threads 2"
same_climb() {
  cmp -s <(strip "$1/runs.csv") <(strip top/runs.csv) || return 1
  local file name
  for file in top/*.csv top/*.svg top/*.html; do
    name=${file#top/}
    [ "$name" = runs.csv ] || cmp -s "$1/$name" "$file" || return 1
  done
  ! ls -A "$1" | grep -E 'partial|unfinished|writable' >/dev/null
}
$climb --out top >/dev/null 2>&1
for i in 1 2 3 4; do
  for kill in 1 2 3 4 5; do
    $climb --out c$i >/dev/null 2>&1 & job=$!
    pause 0.02 0.3; kill -9 $job 2>/dev/null; wait $job 2>/dev/null
  done
  $climb --out c$i >/dev/null 2>&1
  must "other bytes, c$i" same_climb c$i
done
end

# ---- signals ----

begin "INT, TERM, HUP: exit 130, 143, 143; nothing lost"
for signal in INT:130 TERM:143 HUP:143; do
  name=${signal%:*} code=${signal#*:}
  for job_of in sweep train; do
    command=$sweep same=same_sweep; [ $job_of = train ] && command=$train same=same_train
    directory=$name-$job_of
    $command --out $directory >said 2>&1 & job=$!
    pause 0.2 0.4; kill -$name $job; wait $job; status=$?
    must "$job_of exit $status" [ $status = $code ]
    must "$job_of does not say that it goes on" says said "the same command goes on"
    $command --out $directory >/dev/null 2>&1
    must "$job_of: other bytes" $same $directory
  done
done
end

begin "a second signal ends it at once"
$ladder train --base 32 --delay 20 --d_model 256 --layers 4 --batch 512 --eval_sequences 100000 --out slow >/dev/null 2>&1 & job=$!
for try in $(seq 300); do [ -e slow/.lock ] && break; sleep 0.1; done  # it now hears signals
sleep 0.5; kill -INT $job; sleep 0.2
must "one has ended it" kill -INT $job
wait $job; status=$?
must "exit $status" [ $status = 130 ]
end

begin "a closed pipe: the sweep goes on to its end"
$sweep --out pipe 2>&1 | head -n 1 >/dev/null
must "other bytes" same_sweep pipe
$sweep --out pipe2 2>/dev/null | true
must "other bytes" same_sweep pipe2
end

# ---- disks ----

begin "files may not grow (ulimit -f): told, exit 1, then the same bytes"
for blocks in 1 4 8 16; do
  ( ulimit -f $blocks; $sweep --out f$blocks >said$blocks 2>&1 ); status=$?
  must "exit $status" [ $status = 1 ]
  must "not told" says said$blocks "cannot write"
  must "a row that is not true" only_true_rows f$blocks
  $sweep --out f$blocks >/dev/null 2>&1
  must "other bytes" same_sweep f$blocks
done
end

if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
  mounted=$out/small
  begin "a full disk (tmpfs): told, exit 1, then the same bytes"
  must "no failure" exits 1 $sweep --out small/d
  must "not told" says said "No space left"
  must "a row that is not true" only_true_rows small/d
  mount -o remount,size=16m "$mounted"
  $sweep --out small/d >/dev/null 2>&1
  must "other bytes" same_sweep small/d
  mount -o remount,size=64k "$mounted" 2>/dev/null
  rm -rf small/d; mount -o remount,size=72k "$mounted"
  ( sleep 1.5; mount -o remount,size=16m "$mounted" ) & room=$!
  LADDER_WRITE_PATIENCE=20 $sweep --out small/e >said 2>&1; status=$?
  wait $room
  must "room came in time, exit $status" [ $status = 0 ]
  must "other bytes" same_sweep small/e
  end
  umount "$mounted"; mounted=
else
  skip "a full disk (tmpfs)" "only root may mount"
fi

if [ -e /dev/full ]; then
  begin "/dev/full as output: exit 1, results kept"
  $sweep --out full >/dev/full 2>/dev/null; status=$?
  must "exit $status" [ $status = 1 ]
  must "other bytes" same_sweep full
  $ladder list >/dev/full 2>/dev/null; status=$?
  must "list: exit $status" [ $status = 1 ]
  end
fi

begin "the directory vanishes: made again, the same bytes"
for i in 1 2 3; do
  $sweep --out v$i >/dev/null 2>&1 & job=$!
  pause 0.2 0.8; rm -rf v$i; wait $job; status=$?
  must "exit $status" [ $status = 0 ]
  must "other bytes" same_sweep v$i
done
end

# ---- others ----

begin "two writers: the second is told who is there"
$sweep --out two >/dev/null 2>&1 & job=$!
sleep 0.4
must "not refused" exits 1 $sweep --out two
must "not told who" says said "in use by process $job on "
must "not refused" exits 1 $sweep --out two --fresh
wait $job
must "other bytes" same_sweep two
end

begin "other settings in the same directory: refused with what differs"
must "not refused" exits 2 $sweep --out whole --learning_rate 0.3
must "no difference" says said "learning_rate 0.001, not 0.3"
must "not refused" exits 2 $train --out one --d_model 16
must "no difference" says said "d_model 32, not 16"
must "changed" same_sweep whole
cp -r whole joined
must "more seeds do not join" exits 0 $sweep --out joined --seed 0..2
must "rows" [ "$(rows joined/runs.csv)" = 37 ]
must "fresh" exits 0 $sweep --out joined --learning_rate 0.3 --fresh
must "the old ones are gone" [ "$(rows joined.old1/runs.csv)" = 37 ]
end

begin "a torn log is told, a damaged one refused with its line"
cp -r whole torn; head -c -30 whole/runs.log >torn/runs.log
must "exit" exits 0 $sweep --out torn
must "not told" says said "runs.log:24: the last line was not written to its end"
must "other bytes" same_sweep torn
cp -r whole hurt; sed -i '5s/accuracy=0/accuracy=1/' hurt/runs.log
must "not refused" exits 1 $sweep --out hurt
must "no line" says said "runs.log:5: checksum"
end

begin "merge: gaps are named, contradictions refused"
$sweep --out p1 --shard 1/2 >/dev/null 2>&1; $sweep --out p2 --shard 2/2 >/dev/null 2>&1
must "no gap" exits 1 $ladder merge p1 --out m
must "not named" says said "missing: run 1, "
must "merge" exits 0 $ladder merge p1 p2 --out m
must "other bytes" same_sweep m
cp -r whole lies; rm lies/runs.log; sed -i '3s/,ok,/,diverged,/' lies/runs.csv
must "not refused" exits 1 $ladder merge whole lies --out m2
must "not named" says said "is the same run as"
must "rerun" exits 0 $ladder rerun whole --sample 2
must "rerun finds nothing" exits 1 $ladder rerun lies --row 1
end

# ---- hostile files ----

begin "hostile experiment files: refused at once, with file and line"
hostile() { # NAME CONTENT LINE
  printf "%b" "$2" >"$1.txt"
  local start=$SECONDS
  must "$1 exit" exits 2 "$ladder" sweep "$1.txt" --dry-run
  must "$1 has no line" says said "$1.*txt:$3"
  must "$1 is long" [ "$(wc -c <said)" -lt 500 ]
  must "$1 takes long" [ $((SECONDS - start)) -lt 10 ]
}
for i in $(seq 1 18); do printf 'include d%d.txt\ninclude d%d.txt\n' $((i + 1)) $((i + 1)) >d$i.txt; done
echo '# nothing' >d19.txt
must "doubling includes" exits 2 "$ladder" sweep d1.txt --dry-run
must "not told" says said "at most 1000 included files"
for i in $(seq 1 100); do echo "include c$((i + 1)).txt" >c$i.txt; done
must "a chain of includes" exits 2 "$ladder" sweep c1.txt --dry-run
must "not told" says said "c64.txt:1: include: got 'c65.txt', expected at most 64 files"
hostile self 'include self.txt\n' 1
hostile word "\\nbase = $(head -c 1000 /dev/zero | tr '\0' x)\\n" 2
{ printf 'base = '; head -c 10000000 /dev/zero | tr '\0' x; } >long.txt
must "10 MB exit" exits 2 "$ladder" sweep long.txt --dry-run
must "10 MB are echoed" [ "$(wc -c <said)" -lt 500 ]
hostile control 'base = \001\033[31m\n' 1
must "control characters" says said '\\x01\\x1b'
hostile range 'seed = 0..9007199254740991\n' 1
hostile ranges 'seed = 0..99998 100000..199998\n' 1
hostile product 'base = 2..1001\nseed = 0..1000\n' 2
hostile zeros 'base = 8\n\000\000\000\n' 2
printf '\xEF\xBB\xBFbase = 4\n' >bom.txt
must "a mark at the beginning" exits 0 "$ladder" sweep bom.txt --dry-run
head -c 100000 /dev/urandom >noise.txt
must "noise" exits 2 "$ladder" sweep noise.txt --dry-run
end

begin "hostile checkpoints: refused"
tensor() { # HEADER BYTES: a safetensors file
  local n=${#1}
  printf "\\x$(printf %02x $((n % 256)))\\x$(printf %02x $((n / 256)))\\0\\0\\0\\0\\0\\0%s" "$1" >bad.safetensors
  head -c "$2" /dev/zero >>bad.safetensors
}
refuses() { must "$1" exits 1 "$ladder" verify bad.safetensors; must "$1 is not told" says said "not a safetensors file"; }
a='{"dtype":"F32","shape":[2],"data_offsets":'
tensor "{\"a\":$a[0,8]},\"b\":$a[4,12]}}" 12; refuses overlap
tensor "{\"a\":$a[0,8]},\"b\":$a[12,20]}}" 20; refuses "a gap"
tensor "{\"a\":$a[0,8]}} x" 8; refuses "garbage behind the header"
tensor "{\"a\":$a[0,8]}}" 12; refuses "bytes of nobody"
tensor "{\"a\":$a[0,8]},\"a\":$a[0,8]}}" 8; refuses "a tensor twice"
tensor "{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"},\"a\":$a[0,8]}}" 8; refuses "metadata twice"
tensor '{"a":{"dtype":"F32","shape":[1000000,1000000,1000000],"data_offsets":[0,8]}}' 8; refuses "a shape beyond all bounds"
head -c 1000 one/checkpoint.safetensors >bad.safetensors; refuses "half a file"
size=$(wc -c <one/checkpoint.safetensors)
{ head -c $((size - 4)) one/checkpoint.safetensors; printf '\0\0\300\177'; } >nan.safetensors
must "NaN weights: eval" exits 1 "$ladder" eval nan.safetensors
must "not told" says said "not finite"
must "NaN weights: inspect" exits 1 "$ladder" inspect nan.safetensors --out nan
end

begin "hostile tables: refused with their row"
for edit in 's/,hash,/,7,/' '3s/,ok,/,fine,/' '3s/^\(.*\)$/\1,more/' '1s/.*/run,run/'; do
  mkdir -p csv; sed "$edit" whole/runs.csv >csv/runs.csv; [ "$edit" = 's/,hash,/,7,/' ] && continue
  must "$edit" exits 1 "$ladder" report csv --out csv/report
  must "no file: $edit" says said "csv/runs.csv"
done
edited() { # COLUMN VALUE
  awk -F, -v OFS=, -v column="$1" -v value="$2" \
    'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == column) n = i } NR == 4 { $n = value } { print }' whole/runs.csv >csv/runs.csv
  must "$1 $2" exits 1 "$ladder" report csv --out csv/report
  must "$1 is not named" says said "column '$1'"
}
edited accuracy 7; edited accuracy nan; edited chance 2; edited solved maybe; edited steps_done -3
{ cat whole/runs.csv; sed -n 5p whole/runs.csv | sed 's/,hash,/,hash,1/'; } >csv/runs.csv
must "repeats that disagree" exits 1 "$ladder" report csv --out csv/report
end

begin "too much memory: told how much, before anything is made"
big="--d_model 65536 --heads 1 --embedding onehot --layers 256"
must "train" exits 1 "$ladder" train $big --out big
must "not told" says said "of memory, .* are there"
must "sweep" exits 1 "$ladder" sweep "$root/tests/quick.txt" $big --out big
must "something is there" [ ! -e big/runs.log -o ! -s big/runs.log ]
must "numbers that diverge" exits 1 "$ladder" train --optimizer adam --learning_rate 1e6 --steps 50 --out wild
must "no row" says wild/runs.csv ",diverged,"
must "no curve" [ "$(rows wild/curves.csv)" -ge 2 ]
end

printf '%-58s %5s %5s\n' "what was tried" checks lost
printf '%s\n' "${table[@]}"
echo "$bad lost"
[ $bad = 0 ]

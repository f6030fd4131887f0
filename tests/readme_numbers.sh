#!/usr/bin/env bash
# Every number of README is in the committed data, rounded as README shows it, or is said to be no result:
#
#   tests/readme_numbers.sh [README [LEDGER [DATA]]]   fails with README's line and the number
#   tests/readme_numbers.sh --self-test                shows that it can fail
#
# Numbers are those in digits, outside code. The ledger, readme_numbers.txt, has entries of these kinds:
#
#   result: a fragment of README, # for each number       wherever its lines are broken, once in README
#     FILE; CONDITION; CONDITION -> OUTCOME OUTCOME       the numbers in turn; as many lines as needed
#   table: words of a table's head                        for each row below it
#     COLUMN..COLUMN [FIRST CELL]: SELECTOR               {2}: what cell 2 says, {2.1}: its first word,
#                                                         {head}: the last word above; [ ] may be left out;
#                                                         a cell –: the data's has no value
#   no result: a reason                                   then fragments with their numbers
#   anywhere: a reason                                    the same, as often as README likes
#   measured by: a command                                the same: no file has them, keep them few
#
# FILE is below data/reference, or ./ and below the project. A condition is COLUMN=VALUE, COLUMN!=VALUE or
# COLUMN~PATTERN. An outcome is a column or what readme_numbers/data.awk computes; with <, <=, > or >= before
# it README states a bound of it, with • a number of dots, none where it is 0. Another file than a table has
# FILE /PATTERN/ -> 1 3, numbers after the pattern in its line. A line "also SELECTOR" is another source of
# the numbers before, "bold FILE; CONDITIONS" tells when these are bold: where a row fits.
#
# A fragment that README no longer has, or a number that two entries explain, is an error like any other.
# Needs bash and any awk: it runs before anything is built.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD/tests/readme_numbers

check() {
  LC_ALL=C awk -v readme="$1" -v ledger="$2" -v data="$3" -f "$here/text.awk" -f "$here/data.awk" \
    -f "$here/ledger.awk"
}

# caught WHAT FILE SED WORDS: with that change to a file, the check fails and says so.
caught() {
  local said
  changes=$((changes + 1))
  rm -rf "$scratch/changed"
  cp -r "$scratch/right" "$scratch/changed"
  sed -i -e "$3" "$scratch/changed/$2"
  if cmp -s "$scratch/right/$2" "$scratch/changed/$2"; then echo "not changed: $1"; return 1; fi
  if said=$(cd "$scratch/changed" && check README ledger .); then echo "not caught: $1"; return 1; fi
  case $said in *"$4"*) ;; *) printf 'caught otherwise: %s\n%s\n' "$1" "$said"; return 1 ;; esac
}

self_test() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  mkdir "$scratch/right"
  cat > "$scratch/right/README" <<'END'
# A `7` in code, and [a link](http://1.2/3)

Six seeds of relu2 say: the margin is −0.161 [−0.17,
−0.15] (p < 0.001) in 12/12 runs, at most 2.6 %.

    indented 5

| score | base 4 | base 4+8 |
|---|---|---|
| dpa | **0.90** •• | 0.50 |
| ea | 0.25 | 0.75 • |
| dpa+ | 0.30 | – |

Made with C++20 in 5 s.
END
  cat > "$scratch/right/ledger" <<'END'
result: the margin is # [#, #] (p < #) in #/# runs
  margins.csv; contestant=ea -> margin low high p
  log.txt /^solved / -> 1 2
result: at most # %.
  table.csv; score=ea -> 100*max(wrong/runs)
table: | score | base
  2..3: table.csv; score={1}; base={head} -> mean
  2: bold table.csv; score={1}; base={head}; solved=2
  2..3: table.csv; score={1}; base={head} -> •solved
no result: a name
  C++20 in
measured by: make
  in 5 s.
END
  printf '%s\n' contestant,margin,low,high,p '"ea",-0.1608,-0.1688,-0.1527,0.0005' > "$scratch/right/margins.csv"
  printf '%s\n' score,base,mean,solved,wrong,runs dpa,4,0.9,2,0,40 dpa,4+8,0.5,0,0,40 ea,4,0.25,0,1,39 \
    ea,4+8,0.745,1,0,40 dpa+,4,0.3,0,0,40 dpa+,4+8,,0,0,40 > "$scratch/right/table.csv"
  echo "solved 12 of 12" > "$scratch/right/log.txt"
  (cd "$scratch/right" && check README ledger .) || { echo "the right one fails"; return 1; }
  changes=0

  caught "a digit" README 's/0\.161/0.162/' "README:3: '-0.162' is not what the data say"
  caught "a sign" README 's/−0\.161/+0.161/' "README:3: '+0.161' is not"
  caught "an end of an interval" README 's/−0\.15\]/−0.16]/' "README:4: '-0.16' is not"
  caught "a bound" README 's/< 0\.001/< 0.0001/' "README:4: '0.0001' is not"
  caught "a count" README 's/12\/12/11\/12/' "README:4: '11' is not"
  caught "a percentage" README 's/2\.6 %/2.5 %/' "README:4: '2.5' is not"
  caught "a cell" README 's/0\.75/0.76/' "README:11: '0.76' is not"
  caught "a cell's dots" README 's/••/•/' "README:10: '•' is not"
  caught "a cell without a value that has one" table.csv 's/^dpa+,4+8,/&0.5/' "README:12: '–' is not what"
  caught "a cell without a value and no row" table.csv '/^dpa+,4+8/d' "no row fits"
  caught "dots of nothing" README 's/0\.25/0.25 •/' "README:11: '•' has no selector"
  caught "bold type" README 's/\*\*//g' "README:10: '0.90' should be bold"
  caught "the word above a column" README 's/base 4 /base 5 /' "no row fits"
  caught "a new number" README 's/^Made/In 3 days. Made/' "README:14: '3' has no entry"
  caught "a new row" README 's/^| ea.*/&\n| rnn | 0.10 | 0.20 |/' "score=rnn"
  caught "a row fewer in the data" table.csv '/^ea,4,/d' "no row fits"
  caught "a value in the data" margins.csv 's/0\.1608/0.1708/' "README:3: '-0.161' is not"
  caught "a value in a text" log.txt 's/of 12/of 13/' "README:4: '12' is not"
  caught "a column fewer" margins.csv 's/low/lowest/' "there is no column low"
  caught "words of a result" README 's/margin is/gap is/' "ledger:1: README says this nowhere"
  caught "words of no result" README 's/C++20 in/C++20 for/' "ledger:11: README says this nowhere"
  caught "a sentence twice" README 's/^Made/at most 2.6 %. Made/' "ledger:4: README says this 2 times"
  caught "a file that is not there" ledger 's/log.txt/logs.txt/' "logs.txt cannot be read"
  caught "an entry twice" ledger 's/in 5 s\./&\n  5 s./' "has an entry already"
  echo "$changes changes of it, each caught"
}

case ${1:-} in
  --self-test) self_test ;;
  *) check "${1:-README.md}" "${2:-tests/readme_numbers.txt}" "${3:-data/reference}" ;;
esac

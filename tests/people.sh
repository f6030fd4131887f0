#!/bin/bash
# What people see: the terminal at several widths (tmux), the report in a browser (headless Chromium),
# the tables in pandas and R. Prints a table of what held; what is not installed is skipped with a word.
# Screenshots, to be looked at: build/people/*.png.
#   tests/people.sh [./ladder]
ladder=$(realpath "${1:-./ladder}")
home=$(realpath "$(dirname "$0")/..")
out=$home/build/people
rm -rf "$out"; mkdir -p "$out"; cd "$out" || exit 1
failed=0
told() { printf '%-6s %s\n' "$1" "$2"; [ "$1" != WRONG ] || failed=1; }
held() { local what=$1; shift; if "$@"; then told ok "$what"; else told WRONG "$what"; fi; }
there() { command -v "$1" >/dev/null; }

small="--seed 0..5 --eval_every 20 --base 4 8 --delay 2 3 4 --d_model 16 --context 12 --threads 2"
"$ladder" sweep "$home/tests/quick.txt" $small --steps 60 --out data >/dev/null 2>piped.txt
held "piped output has no control characters" bash -c "! grep -qP '[\x00-\x08\x0b-\x1f]' piped.txt"
held "it says runs, directory, threads and time first" grep -q '^72 runs to make in data, 2 threads, ' piped.txt

# ---- the terminal ----
terminal() {  # width
  tmux -L people new-session -d -x "$1" -y 50 -s s
  tmux -L people send-keys -t s "cd '$out'; PS1='$ '; clear; '$ladder' sweep '$home/tests/quick.txt' $small --steps 400 --out t$1; echo ended" Enter
  for i in $(seq 60); do tmux -L people capture-pane -p -t s | grep -q ' [1-9][0-9]*/72, ' && break; sleep 1; done
  [ -z "$2" ] || { tmux -L people resize-window -t s -x "$2"; sleep 2; }
  tmux -L people capture-pane -p -t s >"t$1.running"
  for i in $(seq 120); do tmux -L people capture-pane -p -S -200 -t s | grep -qx ended && break; sleep 1; done
  tmux -L people capture-pane -p -S -200 -t s >"t$1.ended"
  tmux -L people kill-session -t s
}
if there tmux; then
  for width in 60 80 200; do
    terminal $width
    held "$width columns: one bar, and no more" [ "$(grep -c '\[[#.]*\] [0-9]*/72' t$width.running)" = 1 ]
    held "$width columns: the bar is gone at the end" bash -c "! grep -q '\[[#.]*\] [0-9]*/72' t$width.ended"
    held "$width columns: the tables fit" bash -c "grep -q '^base ' t$width.ended && grep -q 'rungs' t$width.ended"
  done
  terminal 100 60
  held "100 columns, narrowed to 60: one bar" [ "$(grep -c '\[[#.]*\] [0-9]*/72' t100.running)" = 1 ]
else
  told skip "the terminal: there is no tmux"
fi

# ---- the browser ----
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -n "$browser" ]; then
  page() {  # name width more flags
    local name=$1 width=$2; shift 2
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=$width,2400 "$@" \
      --screenshot="$name.png" "file://$out/data/report.html" >/dev/null 2>&1
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --window-size=$width,2400 "$@" \
      --dump-dom "file://$out/click.html" 2>/dev/null | sed -n '/<pre id="clicked">/,/<\/pre>/p' |
      sed 's/<[^>]*>//g' >"$name.txt"
    held "$name: the page can be clicked through" grep -q 'ok   nothing comes from a network' "$name.txt"
    while read -r verdict what; do told "$verdict" "$name: $what"; done <"$name.txt"
  }
  { sed '/<\/body>/,$d' data/report.html; echo '<script>'; cat "$home/tests/people/click.js"; echo '</script></body></html>'; } >click.html
  for width in 500 1400; do
    page light$width $width
    page dark$width $width --blink-settings=preferredColorScheme=0
  done
  # The browser's window is never narrower than 500: a frame is.
  echo "<iframe src='click.html' style='width:400px;height:2300px;border:0' onload='setTimeout(() => { document.title = this.contentDocument.getElementById(\"clicked\") ? \"clicked\" : \"\"; const p = document.createElement(\"pre\"); p.id = \"clicked\"; p.textContent = this.contentDocument.getElementById(\"clicked\").textContent; document.body.append(p); }, 300)'></iframe>" >frame.html
  timeout 60 "$browser" --headless --no-sandbox --disable-gpu --allow-file-access-from-files --virtual-time-budget=5000 \
    --window-size=500,2400 --screenshot=light400.png "file://$out/frame.html" >/dev/null 2>&1
  timeout 60 "$browser" --headless --no-sandbox --disable-gpu --allow-file-access-from-files --virtual-time-budget=5000 \
    --window-size=500,2400 --dump-dom "file://$out/frame.html" 2>/dev/null | sed -n '/<pre id="clicked">/,/<\/pre>/p' |
    sed 's/<[^>]*>//g' >light400.txt
  held "400 wide: the page is not wider than the window" grep -q 'ok   the page is not wider' light400.txt
else
  told skip "the report: there is no Chromium"
fi

# ---- other programs ----
for python in python3 /usr/bin/python3 ''; do $python -c 'import pandas' 2>/dev/null && break; done
if [ -n "$python" ]; then
  held "pandas reads every table" $python "$home/tests/people/read.py" data
else
  told skip "pandas is not there"
fi
if there Rscript; then
  held "R reads every table" Rscript "$home/tests/people/read.R" data
else
  told skip "R is not there"
fi
held "bash takes the completions" bash -c "'$ladder' completion bash | bash -n"
if there zsh; then held "zsh takes the completions" bash -c "'$ladder' completion zsh | zsh -n"; fi
if there man; then held "man shows the page" bash -c "'$ladder' man | man -l - 2>&1 | grep -q SETTINGS"; fi
exit $failed

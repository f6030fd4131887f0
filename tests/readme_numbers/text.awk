# README as one line of text, and its numbers: shown[1..n_numbers], each with its line_of README, its
# place `at` in that text (where \001 stands for it), whether it is bold, and `below`: after a "<".

function fail(where, what) {
  print where ": " what
  ++errors
}

# For people: marks as what they stand for.
function plain(s) {
  gsub(/\001/, "#", s)
  gsub(/\003/, "•", s)
  return s
}

# `s` with \001 for each number outside code and link targets; these in found[1..n_found]. A sign belongs
# to its number, "4+6+8" is one number, dots after a number are one; digits after a letter (relu2) none.
function scan(s,    masked, before, word, sign) {
  gsub(/−/, "-", s)
  gsub(/•/, "\003", s)
  gsub(/[ \t]+/, " ", s)
  gsub(/^ | $/, "", s)
  n_found = 0
  masked = ""
  while (s != "") {
    if (in_code) {
      in_code = !match(s, /`/)
      if (in_code) break
      masked = masked substr(s, 1, RSTART)
      s = substr(s, RSTART + 1)
    }
    if (!match(s, /[0-9]+(\.[0-9]+)?(\+[0-9]+(\.[0-9]+)?)*|\003+|`|\]\([^)]*\)/)) break
    before = masked substr(s, 1, RSTART - 1)
    word = substr(s, RSTART, RLENGTH)
    s = substr(s, RSTART + RLENGTH)
    if (word == "`") {
      in_code = 1
      masked = before word
    } else if (word ~ /^\]/) {
      masked = before "]"
    } else if (word ~ /^\003/ ? before !~ /\001(\*\*)? $/ : before ~ /[A-Za-z_]$/) {
      masked = before word
    } else {
      sign = ""
      if (before ~ /(^|[ \[(|*\/<>"])[-+]$/) {
        sign = substr(before, length(before))
        before = substr(before, 1, length(before) - 1)
      }
      masked = before "\001"
      ++n_found
      found[n_found] = sign word
      found_at[n_found] = length(masked)
      found_bold[n_found] = before ~ /\*\*$/ && s ~ /^\*\*/
      found_below[n_found] = before ~ /< ?$/
    }
  }
  return masked s
}

function scan_anew(s) {
  in_code = 0
  return scan(s)
}

function add_row(number, masked) {
  ++n_rows
  table_of[n_rows] = n_tables
  row_line[n_rows] = number
  row_from[n_rows] = length(text) + 1
  row_text[n_rows] = masked
}

function read_readme(    line, number, status, fence, code, blank, masked, i, row) {
  text = " "
  blank = 1
  while ((status = (getline line < readme)) > 0) {
    ++number
    if (line ~ /^ *```/) fence = !fence
    if (fence || line ~ /^ *```/ || line ~ /^[ \t]*$/) { blank = 1; in_code = row = 0; continue }
    if (line ~ /^    / && (blank || code)) { code = 1; continue }
    code = blank = 0
    if (line ~ /^\[[^]]*\]: /) continue  # where a link leads
    sub(/^#+ /, "", line)
    masked = scan(line)
    for (i = 1; i <= n_found; ++i) {
      shown[++n_numbers] = found[i]
      line_of[n_numbers] = number
      at[n_numbers] = length(text) + found_at[i]
      bold[n_numbers] = found_bold[i]
      below[n_numbers] = found_below[i]
    }
    if (line ~ /^\|/ && !row) ++n_tables
    row = line ~ /^\|/
    if (row && line !~ /^[-| :]+$/) add_row(number, masked)
    text = text masked " "
  }
  if (status < 0) fail(readme, "cannot be read")
  at[n_numbers + 1] = length(text) + 1
}

# The first number at or after a place of the text.
function number_at(place,    low, high, middle) {
  low = 1
  high = n_numbers + 1
  while (low < high) {
    middle = int((low + high) / 2)
    if (at[middle] < place) low = middle + 1; else high = middle
  }
  return low
}

# Where a fragment stands: occurrence[1..result].
function occurrences(fragment,    n, from, i) {
  from = 1
  while (fragment != "" && (i = index(substr(text, from), fragment))) {
    occurrence[++n] = from + i - 1
    from += i
  }
  return n + 0
}

# What README says near a number.
function around(k,    from, s, i) {
  from = at[k] > 40 ? at[k] - 40 : 1
  s = substr(text, from, 70)
  for (i = number_at(from); sub(/\001/, shown[i], s); ++i) continue
  return plain(s)
}

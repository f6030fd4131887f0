# Reads the ledger, and compares.

function claim(k, where) {
  if (claimed[k] != "" && claimed[k] != where)
    fail(where, "'" plain(shown[k]) "' of " readme ":" line_of[k] " has an entry already: " claimed[k])
  claimed[k] = where
}

function wrong(k, what, where) { fail(readme ":" line_of[k], "'" plain(shown[k]) "' " what " (" where ")") }

# Whether a value is what README shows, rounded as there; `op`: README says what bounds it, or in dots.
function fits(k, op, value,    s, i, unit) {
  s = shown[k]
  if (op == "dots") return s ~ /^\003/ && length(s) == value
  if (s ~ /^[0-9.]+\+/) return s == value
  if (!is_number(value)) return 0
  value += 0
  if (op == "" && below[k]) op = "<"
  if (op == "<") return value < s + 0
  if (op == "<=") return value <= s + 0
  if (op == ">") return value > s + 0
  if (op == ">=") return value >= s + 0
  if (s ~ /^-/ && value >= 0 || s ~ /^\+/ && value < 0) return 0
  unit = 1
  if (index(s, ".")) for (i = index(s, "."); i < length(s); ++i) unit /= 10
  return value >= s - unit * 0.5000001 && value <= s + unit * 0.5000001
}

# LEFT -> OUTCOME OUTCOME ... against the numbers use[from], use[from + 1] ...; of how many it spoke.
function compare(selector, from, n_use, where,    cut, left, outcomes, n, i, op, what, value, done, in_text, unfit) {
  cut = index(selector, " -> ")
  left = substr(selector, 1, cut - 1)
  n = split(substr(selector, cut + 4), outcomes, / +/)
  if (!cut) fail(where, "expected FILE; CONDITIONS -> OUTCOMES, not " selector)
  problem = ""
  in_text = left ~ /^[^ ;]+ \/.*\/$/
  if (cut && !in_text) pick(left)
  unfit = problem
  for (i = 1; i <= n && cut; ++i) {
    what = outcomes[i]
    op = ""
    if (match(what, /^[<>]=?/)) {
      op = substr(what, 1, RLENGTH)
      what = substr(what, RLENGTH + 1)
    }
    if (sub(/^\003/, "", what)) op = "dots"
    problem = unfit
    value = problem != "" ? "" : in_text ? number_after(left, what) : outcome(what)
    if (problem != "") fail(where, left " -> " what ": " problem)
    else if (op == "dots" && value == 0) continue  # nothing is shown
    else if (from + done > n_use) fail(where, place ": no number is left for " left " -> " what ": " value)
    else if (!fits(use[from + done], op, value))
      wrong(use[from + done], "is not what the data say: " left " -> " what " is " value, where)
    if (from + done <= n_use) claim(use[from + done], where)
    ++done
  }
  return done
}

# Selectors one after the other against use[1..n_use]. "also SELECTOR" speaks of the numbers of the one
# before, "bold FILE; CONDITIONS" says when these are bold.
function compare_all(selectors, n, n_use, where,    i, j, next_one, last, s) {
  next_one = last = 1
  for (i = 1; i <= n; ++i) {
    s = selectors[i]
    if (sub(/^also /, "", s)) compare(s, last, n_use, where)
    else if (sub(/^bold /, "", s)) {
      problem = ""
      pick(s)
      if (problem != "") fail(where, s ": " problem)
      for (j = last; j < next_one && j <= n_use; ++j)
        if (bold[use[j]] != (n_picked > 0)) wrong(use[j], (n_picked ? "should" : "should not") " be bold: " s, where)
    } else {
      last = next_one
      next_one += compare(s, next_one, n_use, where)
    }
  }
  for (j = next_one; j <= n_use; ++j) {
    wrong(use[j], "has no selector in its entry", where)
    claim(use[j], where)
  }
  results += n_use
}

# result: a fragment with # in place of each number.
function check_result(    masked, n, k, n_use) {
  masked = scan_anew(head)
  if (n_found) {
    fail(entry, "expected # in place of each number: " head)
    return
  }
  gsub(/#/, "\001", masked)
  n = occurrences(masked)
  if (n != 1) {
    fail(entry, "README says this " (n ? n " times, not once: " : "nowhere: ") head)
    return
  }
  for (k = number_at(occurrence[1]); at[k] < occurrence[1] + length(masked); ++k) use[++n_use] = k
  place = readme ":" line_of[use[1]]
  compare_all(lines, n_lines, n_use, entry)
}

# Fragments whose numbers stand for themselves; they are found where their words are, and their numbers.
function check_words(    i, j, k, m, n, masked, times, same, where) {
  for (i = 1; i <= n_lines; ++i) {
    where = ledger ":" line_at[i]
    masked = scan_anew(lines[i])
    if (!n_found) fail(where, "no number is here: " lines[i])
    n = occurrences(masked)
    times = 0
    for (j = 1; j <= n; ++j) {
      k = number_at(occurrence[j])
      same = 1
      for (m = 0; m < n_found; ++m) same = same && shown[k + m] == found[m + 1]
      times += same
      for (m = 0; m < n_found && same; ++m) claim(k + m, where)
      if (same && kind == "measured by") measured += n_found
    }
    if (!times || times > 1 && kind != "anywhere")
      fail(where, "README says this " (times ? times " times, not once: " : "nowhere: ") lines[i])
  }
}

# The cells of a row: what they say in cells[i], and their place, from cell_from[i] to cell_from[i + 1].
function cut_cells(row,    n, i, k) {
  n = split(row_text[row], cells, /\|/)
  cell_from[0] = row_from[row]
  for (i = 1; i <= n; ++i) cell_from[i] = cell_from[i - 1] + length(cells[i]) + 1
  for (i = 1; i < n; ++i) {
    cells[i] = cells[i + 1]
    for (k = number_at(cell_from[i]); at[k] < cell_from[i + 1]; ++k) sub(/\001/, shown[k], cells[i])
    gsub(/^ +| +$|\*\*|`/, "", cells[i])
  }
  return n - 2
}

# {2} is what cell 2 of the row says, {2.1} its first word, {head} the last word over the column.
function filled(template, head_word,    value, words, part) {
  gsub(/\{head\}/, head_word, template)
  while (match(template, /\{[0-9]+(\.[0-9]+)?\}/)) {
    split(substr(template, RSTART + 1, RLENGTH - 2), part, ".")
    value = cells[part[1]]
    split(value, words, " ")
    if (2 in part) value = words[part[2]]
    template = substr(template, 1, RSTART - 1) value substr(template, RSTART + RLENGTH)
  }
  return template
}

# A cell that says which data are meant is right if they are there.
function claim_cell(j,    k) {
  for (k = number_at(cell_from[j]); at[k] < cell_from[j + 1]; ++k) {
    results += claimed[k] == ""
    claim(k, entry)
  }
}

# The selectors for a cell, in chosen[1..result]: those for its row alone, else those for any row.
function choose(row_name, j, head_word,    i, n, own) {
  for (own = 1; own >= 0 && !n; --own)
    for (i = 1; i <= n_lines; ++i)
      if (j >= from_column[i] && j <= to_column[i] && (own ? row_only[i] == row_name : row_only[i] == ""))
        chosen[++n] = filled(selector[i], head_word)
  return n + 0
}

# A cell "–" is right if its rows are there and have no value.
function check_none(selector,    cut, words) {
  cut = index(selector, " -> ")
  split(substr(selector, cut + 4), words, / +/)
  problem = ""
  pick(substr(selector, 1, cut - 1))
  if (problem == "") outcome(words[1])
  if (problem != "no row has a value") fail(place, "'–' is not what the data say: " selector (problem ? ": " problem : ""))
  problem = ""
}

# table: words of its head. Then COLUMN: SELECTOR, or COLUMN..COLUMN: SELECTOR, for all rows, or with
# [CELL] after the columns for the row with that first cell.
function check_table(    row, i, j, k, n, n_tables_found, first, columns, words, heads, label, n_use) {
  for (row = 1; row <= n_rows; ++row)
    if (table_of[row] != table_of[row - 1] && index(row_text[row], scan_anew(head))) {
      ++n_tables_found
      first = row
    }
  if (n_tables_found != 1) {
    fail(entry, "README has " (n_tables_found + 0) " tables with this head, not one: " head)
    return
  }
  columns = cut_cells(first)
  for (j = 1; j <= columns; ++j) heads[j] = (n = split(cells[j], words, " ")) ? words[n] : ""
  for (i = 1; i <= n_lines; ++i) {
    if (!match(lines[i], /^[0-9]+(\.\.[0-9]+)?( \[[^]]*\])?: /)) {
      fail(ledger ":" line_at[i], "expected COLUMN: SELECTOR, not " lines[i])
      return
    }
    selector[i] = substr(lines[i], RLENGTH + 1)
    label = substr(lines[i], 1, RLENGTH - 2)
    row_only[i] = match(label, /\[.*\]/) ? substr(label, RSTART + 1, RLENGTH - 2) : ""
    from_column[i] = to_column[i] = label + 0
    if (match(label, /\.\.[0-9]+/)) to_column[i] = substr(label, RSTART + 2, RLENGTH - 2) + 0
    for (j = from_column[i]; j <= to_column[i] && selector[i] ~ /\{head\}/; ++j) claim_cell(j)
  }
  for (row = first + 1; table_of[row] == table_of[first]; ++row) {
    cut_cells(row)
    place = readme ":" row_line[row]
    for (j = 1; j <= columns; ++j) {
      if (cells[j] == "" || !(n = choose(cells[1], j, heads[j]))) continue
      if (cells[j] == "–") {
        check_none(chosen[1])
        continue
      }
      n_use = 0
      for (k = number_at(cell_from[j]); at[k] < cell_from[j + 1]; ++k) use[++n_use] = k
      compare_all(chosen, n, n_use, entry)
    }
    for (i = 1; i <= n_lines; ++i)
      for (j = 1; j <= columns; ++j) if (selector[i] ~ ("\\{" j "[.}]")) claim_cell(j)
  }
}

function check_entry() {
  if (kind == "") return
  if (!n_lines) fail(entry, "nothing follows")
  else if (kind == "result") check_result()
  else if (kind == "table") check_table()
  else check_words()
}

function read_ledger(    line, number, status) {
  while ((status = (getline line < ledger)) > 0) {
    ++number
    if (line ~ /^#/ || line ~ /^[ \t]*$/) continue
    if (line ~ /^ /) {
      gsub(/^ +| +$/, "", line)
      gsub(/•/, "\003", line)
      lines[++n_lines] = line
      line_at[n_lines] = number
      continue
    }
    check_entry()
    entry = ledger ":" number
    n_lines = 0
    kind = ""
    if (match(line, /^(result|table|no result|anywhere|measured by): /)) {
      kind = substr(line, 1, RLENGTH - 2)
      head = substr(line, RLENGTH + 1)
    } else {
      fail(entry, "expected result, table, no result, anywhere or measured by, not " line)
    }
  }
  check_entry()
  if (status < 0) fail(ledger, "cannot be read")
}

BEGIN {
  read_readme()
  read_ledger()
  for (k = 1; k <= n_numbers; ++k)
    if (claimed[k] == "")
      fail(readme ":" line_of[k], "'" plain(shown[k]) "' has no entry in " ledger ": ..." around(k) "...")
  if (!errors)
    printf "%s: %d numbers: %d as the data have them, %d measured by a command alone, the others no results\n",
      readme, n_numbers, results, measured
  exit errors > 0
}

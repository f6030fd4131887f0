# What a selector says of files below `data`. Whoever asks sets problem = "" before, and looks at it after.

function split_csv(line, fields,    n, field) {
  if (line !~ /"/) return split(line, fields, ",")
  line = line ","
  for (n = 1; line != ""; ++n) {
    if (line ~ /^"/) {
      match(line, /^"([^"]|"")*",/)
      field = substr(line, 2, RLENGTH - 3)
      gsub(/""/, "\"", field)
    } else {
      match(line, /^[^,]*,/)
      field = substr(line, 1, RLENGTH - 1)
    }
    fields[n] = field
    line = substr(line, RLENGTH + 1)
  }
  return n - 1
}

# A table's rows in cell[file, row, column[file, name]], another file's lines in cell[file, line]; how many.
function load(file,    path, line, status, n, i, fields, rows) {
  if (file in loaded) return loaded[file]
  path = file ~ /^\.\// ? file : data "/" file
  while ((status = (getline line < path)) > 0) {
    if (file ~ /\.csv$/) {
      n = split_csv(line, fields)
      for (i = 1; i <= n; ++i)
        if (rows) cell[file, rows, i] = fields[i]; else column[file, fields[i]] = i
    } else {
      gsub(/−/, "-", line)
      cell[file, rows + 1] = line
    }
    ++rows
  }
  close(path)
  if (status < 0) problem = path " cannot be read"
  return loaded[file] = rows - (file ~ /\.csv$/)
}

function is_number(s) { return s ~ /^[-+]?[0-9]+(\.[0-9]*)?(e[-+]?[0-9]+)?$/ }

function equal(a, b) { return a == b || (is_number(a) && is_number(b) && a + 0 == b + 0) }

function operand(file, row, name) {
  if (name ~ /^[0-9.]+$/) return name
  if (!((file, name) in column)) problem = "there is no column " name
  else return cell[file, row, column[file, name]]
}

# A column, or columns and numbers with * and / between them; empty where one of them is.
function expression(file, row, e,    value, other, sign) {
  if (e !~ /[*\/]/) return operand(file, row, e)
  value = 1
  sign = "*"
  for (e = e "*"; match(e, /[*\/]/); e = substr(e, RSTART + 1)) {
    other = operand(file, row, substr(e, 1, RSTART - 1))
    if (other == "" || (sign == "/" && other == 0)) return ""
    value = sign == "*" ? value * other : value / other
    sign = substr(e, RSTART, 1)
  }
  return value
}

function holds(file, row, condition,    value, wanted, sign) {
  if (!match(condition, /!=|=|~/)) {
    problem = "expected COLUMN=VALUE, COLUMN!=VALUE or COLUMN~PATTERN, not " condition
    return 0
  }
  sign = substr(condition, RSTART, RLENGTH)
  wanted = substr(condition, RSTART + RLENGTH)
  value = expression(file, row, substr(condition, 1, RSTART - 1))
  if (sign == "~") return value ~ wanted
  return (sign == "=") == equal(value, wanted)
}

# FILE; CONDITION; ...: the rows for which all hold, in picked[1..n_picked]. With "over COLUMN=VALUE per
# KEY" as the last, partner[i] is the row with that value and the same key, by which is divided.
function pick(left,    parts, n, i, row, rows, good, key) {
  n_picked = key = 0
  n = split(left, parts, /; */)
  picked_file = parts[1]
  rows = load(picked_file)
  if (problem != "") return
  if (parts[n] ~ /^over .* per [a-z_]+$/) {
    key = parts[n]
    sub(/.* per /, "", key)
    gsub(/^over | per [a-z_]+$/, "", parts[n])
  }
  for (row = 1; row <= rows; ++row) {
    good = 1
    for (i = 2; i <= n - (key != 0) && good; ++i) good = holds(picked_file, row, parts[i])
    if (!good) continue
    picked[++n_picked] = row
    partner[n_picked] = 0
  }
  if (key == 0) return
  for (row = 1; row <= rows; ++row)
    for (i = 1; i <= n_picked && holds(picked_file, row, parts[n]); ++i)
      if (operand(picked_file, row, key) == operand(picked_file, picked[i], key)) partner[i] = row
  for (i = 1; i <= n_picked; ++i) if (!partner[i]) problem = "a row has no partner with " parts[n]
}

# An outcome of the picked rows: count, or FUNCTION(EXPRESSION), cells that are empty left out:
#   EXPRESSION alone  what all rows say alike     number(COLUMN)      the first number in such a word
#   mean, min, max                                distinct(A,B)       how many pairs, or values of A alone
#   best(A,B)         A where B is largest        NUMBER*FUNCTION(..)
function outcome(what,    name, args, i, n, value, other, total, best, most, seen, factor) {
  if (what == "count") return n_picked
  if (match(what, /^[0-9]+\*[a-z]+\(/)) {
    factor = what + 0
    return factor * outcome(substr(what, index(what, "*") + 1))
  }
  name = "the"
  if (match(what, /^[a-z]+\(.*\)$/)) {
    name = substr(what, 1, index(what, "(") - 1)
    what = substr(what, length(name) + 2, length(what) - length(name) - 2)
  }
  split(what, args, /,/)
  other = ""
  for (i = 1; i <= n_picked; ++i) {
    value = expression(picked_file, picked[i], args[1])
    if (2 in args) other = expression(picked_file, picked[i], args[2])
    if (name == "number") value = match(value, /[0-9]+(\.[0-9]+)?/) ? substr(value, RSTART, RLENGTH) : ""
    if (value == "" || name == "best" && other == "") continue
    if (partner[i]) value /= expression(picked_file, partner[i], args[1])
    if (++n == 1) best = value
    if (name == "the" || name == "number") {
      if (!equal(value, best)) problem = "rows differ: " best " and " value
    } else if (name == "distinct") {
      total += !((value, other) in seen)
      seen[value, other] = 1
    } else if (name == "best") {
      if (n == 1 || other + 0 > most) { most = other + 0; best = value }
    } else if (name == "mean") {
      total += value
    } else if (name == "min" || name == "max") {
      if (name == "min" ? value + 0 < best + 0 : value + 0 > best + 0) best = value
    } else {
      problem = "unknown function " name
    }
  }
  if (!n && problem == "") problem = n_picked ? "no row has a value" : "no row fits"
  if (problem != "") return ""
  return name == "mean" ? total / n : name == "distinct" ? total : best
}

# FILE /PATTERN/: the n-th number after the pattern in the one line that has it.
function number_after(left, n,    pattern, file, rows, i, lines, rest) {
  match(left, / \/.*\/$/)
  file = substr(left, 1, RSTART - 1)
  pattern = substr(left, RSTART + 2, RLENGTH - 3)
  rows = load(file)
  for (i = 1; i <= rows; ++i)
    if (match(cell[file, i], pattern)) {
      ++lines
      rest = substr(cell[file, i], RSTART + RLENGTH)
    }
  for (i = 1; lines == 1 && match(rest, /[-+]?[0-9]+(\.[0-9]+)?/); ++i) {
    if (i == n) return substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + RLENGTH)
  }
  if (problem == "") problem = lines == 1 ? "no number " n " follows there" : (lines + 0) " lines fit"
}

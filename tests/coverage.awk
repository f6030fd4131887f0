# Line coverage from gcov's summaries ("File 'src/x.cpp'", "Lines executed:97.1% of 35"): a line a file,
# the least covered first, and the whole.
/^File 'src\// { file = $2; gsub(/'/, "", file) }
/^File/ && !/^File 'src\// { file = "" }
/^Lines executed/ && file != "" {
  split($0, part, /[:% ]+/)
  lines = $NF; covered = part[3] * lines / 100
  if (!(file in total) || covered > hit[file]) { hit[file] = covered; total[file] = lines }
  file = ""
}
END {
  for (file in total) {
    printf "%6.1f %%  of %4d  %s\n", 100 * hit[file] / total[file], total[file], file | "sort -n"
    all += total[file]; done += hit[file]
  }
  close("sort -n")
  printf "%6.1f %%  of %4d  all of src\n", 100 * done / all, all
}

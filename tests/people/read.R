# R reads every table of a directory without options, with the types that columns.csv tells.
folder <- commandArgs(trailingOnly = TRUE)[1]
columns <- read.csv(file.path(folder, "columns.csv"))
for (file in list.files(folder, pattern = "\\.csv$")) {
  table <- read.csv(file.path(folder, file))
  stopifnot(nrow(table) > 0)
  told <- columns[columns$table == file, ]
  for (i in seq_len(nrow(told))) {
    cells <- table[[told$column[i]]]
    if (is.null(cells)) stop(file, ": no column ", told$column[i])
    if (told$type[i] != "word" && !is.numeric(cells) && !all(is.na(cells)))
      stop(file, ": ", told$column[i], " is not numeric")
  }
}

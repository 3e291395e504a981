# Expands the lines of a template; the variable `values` names the file of values.

function load(file,    line, at) {
  while ((getline line <file) > 0) {
    at = index(line, "=")
    if (at > 0) value[substr(line, 1, at - 1)] = substr(line, at + 1)
  }
  close(file)
  loaded = 1
}

function lookup(field,    bar, name) {
  bar = index(field, "|")
  name = bar ? substr(field, 1, bar - 1) : field
  if (value[name] != "") return value[name]
  if (bar) return substr(field, bar + 1)
  print "expand: no value for " name >"/dev/stderr"
  failed = 1
  return ""
}

{
  if (!loaded) load(values)
  rest = $0
  out = ""
  while (match(rest, /[{][{][^{}]*[}][}]/)) {
    out = out substr(rest, 1, RSTART - 1) lookup(substr(rest, RSTART + 2, RLENGTH - 4))
    rest = substr(rest, RSTART + RLENGTH)
  }
  print out rest
}

END { exit failed }

# awk -v most=N -f scripts/tidy_groups.awk SOURCE...: prints "GROUP SOURCE" for each, so that the sources of a group are
# one translation unit, and N at most. Kept apart are those that do not compile behind each other:
#   - two that define a name in the nameless part of the same namespace;
#   - one that defines a name there, and one that reads, in a header, of another with that name in the same namespace or
#     one around it: there it would be ambiguous, or the wrong one;
#   - two that include the same .inc file, which is not meant to be read twice.
# No compiler is asked: as clang-format lays files out, what a namespace holds stands in the first column.

function hide(file, space, name, meaning) {
  hidden[file] = hidden[file] " " space SUBSEP name
  means[file, space, name] = meaning
  do {
    shadows[file] = shadows[file] " " space SUBSEP name
    is_shadow[space, name] = 1
  } while (sub(/::[^:]*$/, "", space))
}

# The same line with `using` means the same wherever it stands.
function note(name, text) {
  if (name !~ /^[A-Za-z_][A-Za-z_0-9]*$/ || name ~ /^(extern|operator|const)$/) return
  if (nameless)
    hide(reading, space, name, text ~ /^using / ? text : reading)
  else
    shown[reading] = shown[reading] " " space SUBSEP name
}

# Notes the names that a declaration makes.
function declared(text, whole, n, part, k) {
  gsub(/"([^"\\]|\\.)*"|'\\?.'/, "", text)
  whole = text
  if (sub(/^using namespace /, "", text)) {
    sub(/;.*/, "", text)
    opened[reading] = opened[reading] " " text " "
    return
  }
  if (sub(/^(struct|class|union|enum class|enum) /, "", text)) {
    if (text ~ /^[A-Za-z_0-9]+::/) return
    if (whole ~ /^enum [^c].*\{.*\}/) {
      sub(/^[^{]*\{/, "", whole)
      sub(/\}.*/, "", whole)
      n = split(whole, part, ",")
      for (k = 1; k <= n; ++k) {
        gsub(/=.*| /, "", part[k])
        note(part[k], "")
      }
    }
    sub(/[ <;:{].*/, "", text)
    note(text, "")
    return
  }
  while (gsub(/\([^()]*\)|\{[^{}]*\}|\[[^][]*\]|<[^<>=(]*>/, "", text)) {}
  sub(/[({].*/, "", text)
  n = split(text, part, ",")
  for (k = 1; k <= n; ++k) {
    sub(/[ ]*(=|;| noexcept| const$| ->| requires ).*/, "", part[k])
    sub(/[ ]+$/, "", part[k])
    if (whole ~ /^using [^=]*$/) sub(/.*::/, "", part[k])
    sub(/.*[ *&]/, "", part[k])
    note(part[k], whole)
  }
}

# The file of the project that FROM includes as PATH; nothing if it is none.
function found(path, from, k, at, try, line) {
  sub(/[^\/]*$/, "", from)
  split(from " include/ src/", at, " ")
  for (k = 1; k <= 3; ++k) {
    try = at[k] path
    while (sub(/[^\/.]+\/\.\.\//, "", try)) {}
    if (!(try in exists)) {
      exists[try] = (getline line < try) >= 0
      close(try)
    }
    if (exists[try]) return try
  }
}

function read(name, line, depth, around, without, begun, part) {
  if (name in known) return
  known[name] = 1
  reading = name
  space = ""
  nameless = depth = 0
  begun = ""
  while ((getline line < name) > 0) {
    if (line ~ /^#include ["<]/) {
      split(line, part, /["<>]/)
      includes[name] = includes[name] " " found(part[2], name)
    } else if (line ~ /^ *(inline )?namespace .*\{/ && line !~ /\}/) {
      around[++depth] = space
      without[depth] = line ~ /namespace \{/
      nameless += without[depth]
      if (!without[depth]) {
        gsub(/^ *(inline )?namespace | *\{.*/, "", line)
        space = space (space == "" ? "" : "::") line
      }
    } else if (line ~ /^\}  \/\/ namespace/ && depth) {
      nameless -= without[depth]
      space = around[depth--]
    } else if (begun != "" ||
               (line ~ /^[A-Za-z]/ && line !~ /:$|^(template|static_assert|extern template|namespace)/)) {
      gsub(/^ +| *\/\/.*/, "", line)
      begun = begun (begun == "" ? "" : " ") line
      if (line !~ /[;{}]$/) continue
      declared(begun)
      begun = ""
    }
  }
  close(name)
}

# reach FILE, SOURCE: reads a file that the source includes, and what that includes.
function reach(name, source, n, list, k) {
  if ((source, name) in reached) return
  reached[source, name] = 1
  read(name)
  files[source] = files[source] " " name
  if (name ~ /\.inc$/) hide(source, "", name, source)
  n = split(includes[name], list, " ")
  for (k = 1; k <= n; ++k) reach(list[k], source)
}

# all_shown SOURCE, INTO: every name that its files show; how many there are.
function all_shown(source, into, n, list, k, text) {
  n = split(files[source], list, " ")
  text = ""
  for (k = 1; k <= n; ++k) text = text shown[list[k]]
  return split(text, into, " ")
}

# `using namespace` in a source: for those behind it, what is in there is in the project's outermost namespace too.
function open_namespaces(source, n, names, k, at) {
  n = all_shown(source, names)
  for (k = 1; k <= n; ++k) {
    split(names[k], at, SUBSEP)
    if (sub(/^tenon::/, "", at[1]) && index(opened[source], " " at[1] " ")) hide(source, "tenon", at[2], at[1])
  }
}

# Only what some source hides matters.
function keep_shown(source, n, names, k) {
  n = all_shown(source, names)
  for (k = 1; k <= n; ++k) {
    if (!(names[k] in is_shadow) || (source, names[k]) in kept) continue
    kept[source, names[k]] = 1
    sees[source] = sees[source] " " names[k]
  }
}

function place(source, own, n, shadow, m, seen, l, g, k, clash) {
  n = split(hidden[source], own, " ")
  m = split(shadows[source], shadow, " ")
  l = split(sees[source], seen, " ")
  for (g = 1; ; ++g) {
    if (size[g] >= most) continue
    clash = 0
    for (k = 1; k <= n && !clash; ++k) clash = (g, own[k]) in taken && taken[g, own[k]] != means[source, own[k]]
    for (k = 1; k <= m && !clash; ++k) clash = (g, shadow[k]) in seen_by
    for (k = 1; k <= l && !clash; ++k) clash = (g, seen[k]) in shadowed_by
    if (!clash) break
  }
  for (k = 1; k <= n; ++k) taken[g, own[k]] = means[source, own[k]]
  for (k = 1; k <= m; ++k) shadowed_by[g, shadow[k]] = 1
  for (k = 1; k <= l; ++k) seen_by[g, seen[k]] = 1
  ++size[g]
  print g, source
}

# Sources with names that many have come first, while there is a group left for each.
BEGIN {
  for (i = 1; i < ARGC; ++i) reach(ARGV[i], ARGV[i])
  for (i = 1; i < ARGC; ++i) if (opened[ARGV[i]] != "") open_namespaces(ARGV[i])
  for (i = 1; i < ARGC; ++i) {
    keep_shown(ARGV[i])
    n = split(hidden[ARGV[i]], names, " ")
    for (k = 1; k <= n; ++k) if (means[ARGV[i], names[k]] == ARGV[i] && !((i, names[k]) in met)) {
      met[i, names[k]] = 1
      ++uses[names[k]]
    }
  }
  for (i = 1; i < ARGC; ++i) {
    n = split(hidden[ARGV[i]], names, " ")
    for (k = 1; k <= n; ++k) if (uses[names[k]] > 2) early[i] = 1
  }
  for (i = 1; i < ARGC; ++i) if (early[i]) place(ARGV[i])
  for (i = 1; i < ARGC; ++i) if (!early[i]) place(ARGV[i])
}

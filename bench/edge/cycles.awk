# An estimate of a Cortex-M4's cycles from how often each instruction was executed: what counts.c writes, then what
# `objdump -d` says. The costs are those of the table in Arm's reference manual of the Cortex-M4 (instruction set
# summary): a load 2, or 1 behind another single load or store; several words 1 + N; a branch that is taken
# 1 + `refill` (the manual says 1 to 3, 2 here); a division up to 12 (7 here); a multiplication 1, a float one with an
# addition 3, a float division or root 14; the rest 1. With `wait` wait states a jump, and a load of another line of
# 16 bytes in flash, wait so long; what follows one another is fetched ahead.
#   awk -v wait=5 -f cycles.awk COUNTS DISASSEMBLY
function words(list, n, parts, i, ends, total) {  # in {r4-r7, lr}
  n = split(list, parts, ",")
  for (i = 1; i <= n; ++i) {
    gsub(/[{} \t]/, "", parts[i])
    if (split(parts[i], ends, "-") == 2) total += number(ends[2]) - number(ends[1]) + 1
    else ++total
  }
  return total
}
function number(name) {
  if (name == "sl") return 10
  if (name == "fp") return 11
  if (name == "ip") return 12
  if (name == "sp") return 13
  if (name == "lr") return 14
  return substr(name, 2) + 0
}
function listed(text) { return match(text, /\{[^}]*\}/) ? words(substr(text, RSTART, RLENGTH)) : 1 }
FNR == NR {
  if ($1 == "data") lines = $2
  else { executed[$1] = $2; left[$1] = $3 }
  next
}
/^ *[0-9a-f]+:/ {
  address = $1
  sub(/:$/, "", address)
  name = $2
  single = name ~ /^(v?ldr|str|vstr)/ && name !~ /d(\.w)?$/ && $0 !~ /\[pc/
  if (address in executed) {
    cost = 1
    if (name ~ /^v?ldm|^v?stm|^v?push|^v?pop/) cost = 1 + listed($0)
    else if (name ~ /^(ldrd|strd)/) cost = 3
    else if (name ~ /^v?ldr/) cost = behind_single && single ? 1 : 2
    else if (name ~ /^(sdiv|udiv)/) cost = 7
    else if (name ~ /^v(f?n?m[la][as]|fnm|fm)/) cost = 3
    else if (name ~ /^v(div|sqrt)/) cost = 14
    total += executed[address] * cost
    jumps += left[address]
    instructions += executed[address]
  }
  behind_single = single
}
END {
  refill = 2
  printf "%d %.0f\n", instructions, total + jumps * refill + wait * (jumps + lines)
}

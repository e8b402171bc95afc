# Sourced by the scripts beside it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
builds=${TENON_BUILD_ROOT:-$root/build}

# g++ takes up to 1.5 GB for a file with many templates: more jobs than memory allows end in swapping.
if [[ -z ${TENON_JOBS:-} ]]; then
  memory_kb=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo 2>/dev/null || echo 8000000)
  TENON_JOBS=$(nproc)
  if ((TENON_JOBS > memory_kb / 1500000)); then TENON_JOBS=$((memory_kb / 1500000)); fi
  if ((TENON_JOBS < 1)); then TENON_JOBS=1; fi
fi

if [[ -z ${CMAKE_CXX_COMPILER_LAUNCHER:-} ]] && command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
# Another checkout, or another build folder, may reuse what was compiled in this one.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# step NAME COMMAND...: on a terminal the command shows its own progress. In a pipe it is kept in a
# log file, of which one line every half minute is shown, and on failure what matters of it.
step() {
  local name=$1
  shift
  printf '==> %s\n' "$name"
  if [[ -t 1 && -z ${CI:-} ]]; then
    "$@"
    return
  fi

  mkdir -p "$builds/logs"
  step_log=$builds/logs/${name//[^a-zA-Z0-9]/_}.log
  local began=$SECONDS shown=$SECONDS status=0
  "$@" >"$step_log" 2>&1 </dev/null &
  local process=$!
  trap 'kill $process 2>/dev/null || true' EXIT
  while kill -0 $process 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - shown >= 30)); then
      shown=$SECONDS
      printf '    %d s: %s\n' $((SECONDS - began)) "$(tail -n 1 "$step_log" | cut -c 1-100)"
    fi
  done
  wait $process || status=$?
  trap - EXIT
  if ((status != 0)); then
    # What ninja and ctest say about files and tests that went well is left out.
    grep -vE '^\[[0-9]+/[0-9]+\] |^ +Start +[0-9]+:|^ *[0-9]+/[0-9]+ Test .* Passed ' "$step_log" |
      tail -n 300
    printf '==> %s failed after %d s (all of it is in %s)\n' "$name" $((SECONDS - began)) "$step_log"
    return $status
  fi
  printf '    %d s\n' $((SECONDS - began))
}

# configure PRESET [-DVARIABLE=VALUE...]
configure() {
  local preset=$1
  shift
  cd "$root"
  step "configure $preset" cmake --preset "$preset" -B "$builds/$preset" "$@"
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  step "build $preset" cmake --build "$builds/$preset" -j "$TENON_JOBS" ${1:+--target "$@"}
}

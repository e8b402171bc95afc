#!/usr/bin/env bash
# interrupt.sh FILE PROGRAM MPIRUN...: Ctrl-C amid the training of 3 ranks leaves no process. What mpirun starts are its
# children; they train until FILE, their checkpoint, is there, and are then interrupted.
set -u
file=$1 program=$2
shift 2
rm -f "$file"
"$@" 3 "$program" checkpoint "$file" 1000000 >/dev/null 2>&1 &
mpirun=$!
for ((i = 0; i < 300; ++i)); do
  [[ -e $file ]] && break
  sleep 0.1
done
ranks=$(ps -o pid= --ppid "$mpirun")
echo "$(wc -w <<<"$ranks") ranks train"
kill -INT "$mpirun"
wait "$mpirun"
echo "mpirun ended with $?"
for ((i = 0; i < 100; ++i)); do
  left=
  for rank in $ranks; do
    state=$(ps -o stat= -p "$rank")
    [[ -z $state || $state == Z* ]] || left+=" $rank"  # one that has ended may wait to be taken note of
  done
  [[ -z $left ]] && echo "nothing is left" && exit 0
  sleep 0.1
done
echo "left:$left"
kill -KILL $left
exit 1

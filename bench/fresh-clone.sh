#!/usr/bin/env bash
# Measures the time from `git clone` to the output of `npm run demo`, without any cache but npm's downloads.
#   bash bench/fresh-clone.sh [RUNS]      default 3
# Clones HEAD into a temporary folder. Prints the seconds of each phase, and the median of the totals.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
runs=${1:-3}
export CCACHE_DISABLE=1
unset CMAKE_CXX_COMPILER_LAUNCHER

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ALFA_CACHE=$work/cache

now() { date +%s%3N; } # milliseconds
seconds() { printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100)); }

totals=()
for ((run = 1; run <= runs; run++)); do
  rm -rf "$work/clone" "$ALFA_CACHE"
  echo "run $run: load $(uptime | sed 's/.*load average[s]*: //')"
  start=$(now)
  git clone --quiet "$repository" "$work/clone"
  echo "  clone: $(seconds $(($(now) - start)))"
  if ! (cd "$work/clone" && npm run demo -- --out "$work/demo") >"$work/output.txt" 2>&1; then
    cat "$work/output.txt" >&2
    exit 1
  fi
  total=$(($(now) - start))
  sed -n 's/^alfa-vad: \(.*: [0-9.]* s\)$/  \1/p' "$work/output.txt"
  echo "  total: $(seconds "$total"), with the demo itself"
  totals+=("$total")
done
median=$(printf '%s\n' "${totals[@]}" | sort -n | sed -n "$(((runs + 1) / 2))p")
echo "median of $runs: $(seconds "$median")"

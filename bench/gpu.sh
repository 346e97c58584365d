#!/bin/sh
# Everything that needs a GPU, on a machine that has one: checks, timings and other packages.
#   sh bench/gpu.sh FOLDER [PART...]
# Builds from source (CMake 3.22 or later, a C++20 compiler, nvcc; no npm packages). Writes the output of each step to
# FOLDER/NAME.txt and one line per step to FOLDER/summary.txt. Exits with 1 if a step failed. Steps that cannot run on
# this machine are skipped, with the reason.
#
# PART, default all, in this order:
#   build     alfa-check and alfa-bench, into FOLDER/build; the other parts need it
#   check     every kernel on every device against float64; detections of the demo model on the GPU against the CPU
#   sanitize  the cases of the kernels under compute-sanitizer: memcheck, racecheck, synccheck
#   kernels   times every kernel
#   bench     alfa-bench with a full-size model, in fp16 and fp32
#   compare   detections: fp16 against fp32, and both against the CPU in fp32; with the full-size and the demo model
#   peers     the same windows in PyTorch, and anomalib's WinCLIP
#
# Environment variables, all optional:
#   ALFA_ORT_DIR             ONNX Runtime with its CUDA provider: an unpacked release, or the folder onnxruntime/capi of
#                            a Python package. Default: that of onnxruntime-gpu in PYTHON. Without it, detections, bench
#                            and compare are skipped.
#   ONNXRUNTIME_INCLUDE_DIR  headers of ONNX Runtime. Default: build/onnxruntime/include, which needs Node.
#   PYTHON                   interpreter for peers, default python3. The CUDA libraries in its nvidia packages are added
#                            to LD_LIBRARY_PATH.
#   DEVICE                   default cuda. cuda:1 is the second GPU. cpu runs the same steps with small models.
#   ARCHITECTURES            of the GPU code. Default: that of the first GPU.
#   SECONDS_EACH             duration of each measurement, default 5
#   LIMIT                    seconds after which a step is stopped, default 1800
set -u

cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { sed -n '2,/^set -u/{/^#/s/^# \{0,1\}//p;}' bench/gpu.sh >&2; exit 2; }
out=$1
shift
mkdir -p "$out" || exit 2
out=$(cd "$out" && pwd)
parts=${*:-build check sanitize kernels bench compare peers}
for part in $parts; do
  case $part in
    build | check | sanitize | kernels | bench | compare | peers) ;;
    *) echo "There is no part '$part'" >&2; exit 2 ;;
  esac
done

python=${PYTHON:-python3}
device=${DEVICE:-cuda}
seconds=${SECONDS_EACH:-5}
limit=${LIMIT:-1800}
build=$out/build
alfa_check=$build/Release/alfa-check
alfa_bench=$build/Release/alfa-bench
size=full-size
small=
batches=1,4,16,64
if [ "$device" = cpu ]; then size=tiny small=--small batches=1,4; fi
failed=0

wanted() { case " $parts " in *" $1 "*) ;; *) return 1 ;; esac; }

note() { echo "$*" | tee -a "$out/summary.txt"; }

# Runs a program, and stops it after LIMIT seconds.
limited() { if command -v timeout >/dev/null; then timeout "$limit" "$@"; else "$@"; fi; }

# step NAME COMMAND...: runs a command. Its output goes to NAME.txt, its status to the summary. Status 3 means that
# packages are missing.
step() {
  name=$1
  shift
  start=$(date +%s)
  "$@" >"$out/$name.txt" 2>&1
  status=$?
  took=$(($(date +%s) - start))
  case $status in
    0) note "ok       $name, $took s" ;;
    3) note "skipped  $name: $(tail -n 1 "$out/$name.txt")" ;;
    124) note "FAILED   $name: stopped after $limit s" ;;
    *) note "FAILED   $name, exit status $status after $took s: $(tail -n 1 "$out/$name.txt")" ;;
  esac
  [ $status -eq 0 ] || [ $status -eq 3 ] || failed=1
  return $status
}

# Sets `runtime` to the library of an ONNX Runtime that has a CUDA provider, or to nothing. Adds the CUDA libraries of
# Python packages to LD_LIBRARY_PATH.
find_runtime() {
  [ -n "${ALFA_ORT_DIR:-}" ] || ALFA_ORT_DIR=$("$python" - 2>/dev/null <<'END'
import importlib.util
import os
package = importlib.util.find_spec("onnxruntime")
print(os.path.join(package.submodule_search_locations[0], "capi"))
END
  )
  runtime=
  for folder in "$ALFA_ORT_DIR" "$ALFA_ORT_DIR/lib" "$ALFA_ORT_DIR/capi"; do
    for file in "$folder"/libonnxruntime.so*; do
      [ -f "$file" ] || continue
      [ "$device" = cpu ] || [ -f "$folder/libonnxruntime_providers_cuda.so" ] || continue
      runtime=$file
    done
  done
  export ALFA_ORT_DIR
  libraries=$("$python" - 2>/dev/null <<'END'
import glob
import os
import sys
folders = {each for path in sys.path for each in glob.glob(os.path.join(path, "nvidia", "*", "lib"))}
print(":".join(sorted(folders)))
END
  )
  [ -z "$libraries" ] || export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

find_cuda() {
  [ "$device" != cpu ] || return 0
  [ -z "${CUDA_HOME:-}" ] && [ -d /usr/local/cuda ] && CUDA_HOME=/usr/local/cuda
  [ -z "${CUDA_HOME:-}" ] || PATH=$CUDA_HOME/bin:$PATH
  command -v nvcc >/dev/null ||
    { echo "nvcc is neither in PATH nor in /usr/local/cuda. Set CUDA_HOME to the folder of CUDA." >&2; exit 2; }
  command -v nvidia-smi >/dev/null || { echo "nvidia-smi was not found. Does this machine have a GPU?" >&2; exit 2; }
  architectures=${ARCHITECTURES:-}
  [ -n "$architectures" ] ||
    architectures=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d '. ')
}

describe_machine() {
  date -u
  uname -a
  lscpu 2>/dev/null | grep -E 'Model name|^CPU\(s\)'
  cmake --version | head -n 1
  "${CXX:-c++}" --version | head -n 1
  git log -1 --format='commit %H' 2>/dev/null
  echo "ONNX Runtime: ${runtime:-none with a CUDA provider}"
  [ "$device" = cpu ] && return
  nvcc --version | tail -n 2
  nvidia-smi
  nvidia-smi --query-gpu=name,compute_cap,clocks.max.sm,clocks.max.mem,power.limit,persistence_mode --format=csv
}

build_all() {
  if [ "$device" = cpu ]; then
    set -- -DALFA_CUDA=OFF
  else
    set -- -DALFA_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=$architectures"
  fi
  limited cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DALFA_DEVELOPER=ON "$@" &&
    limited cmake --build "$build" --target alfa-check alfa-bench --parallel "$(getconf _NPROCESSORS_ONLN)"
}

# Without an ONNX Runtime, only the kernels are checked.
check() {
  if [ -n "$runtime" ]; then set -- "$@" --model models/demo --runtime "$runtime"; fi
  limited "$alfa_check" "$@" || return
  [ "$device" = cpu ] || grep -q '^ok  *cuda ' "$out/check.txt" ||
    { echo "no case ran on the GPU"; return 1; }
}

sanitize() { limited compute-sanitizer --tool "$1" --error-exitcode 9 "$alfa_check" --backend cuda --light; }

bench() {
  limited "$alfa_bench" --device "$device" --runtime "$runtime" --seconds "$seconds" --json "$out/$name.json" "$@"
}

peer() {
  script=$1
  shift
  limited "$python" "bench/peers/$script" --device "$device" --seconds "$seconds" --batch "$batches" \
    --json "$out/$name.json" "$@"
}

find_cuda
find_runtime
describe_machine >"$out/machine.txt" 2>&1
note "$(date -u '+%Y-%m-%d %H:%M:%S') $parts"

if wanted build; then step build build_all || exit 1; fi
[ -x "$alfa_check" ] && [ -x "$alfa_bench" ] ||
  { echo "$alfa_check was not found. Run the part 'build' first." >&2; exit 2; }

if wanted check; then step check check; fi

if wanted sanitize; then
  if [ "$device" = cpu ]; then
    note "skipped  sanitize: no GPU"
  elif command -v compute-sanitizer >/dev/null; then
    for tool in memcheck racecheck synccheck; do step $tool sanitize $tool; done
  else
    note "skipped  sanitize: compute-sanitizer is not in PATH"
  fi
fi

if wanted kernels; then
  step kernels limited "$alfa_check" --bench
  limited "$alfa_check" --bench --json >"$out/kernels.json" 2>/dev/null
fi

if [ -z "$runtime" ]; then
  if wanted bench; then note "skipped  bench: no ONNX Runtime with a CUDA provider; see ALFA_ORT_DIR"; fi
  if wanted compare; then note "skipped  compare: no ONNX Runtime with a CUDA provider; see ALFA_ORT_DIR"; fi
else
  reduced=fp16
  [ "$device" != cpu ] || reduced=int8
  if wanted bench; then
    for precision in $reduced fp32; do
      step bench-$precision bench --random $size --batch $batches --precision $precision
    done
  fi
  if wanted compare; then
    for model in "--random $size" "--model models/demo"; do
      named=${model##*[ /]}
      step compare-$named-$reduced-fp32 bench $model --precision $reduced --compare fp32
      step compare-$named-$reduced-cpu bench $model --precision $reduced --compare cpu
      [ "$device" = cpu ] || step compare-$named-fp32-cpu bench $model --precision fp32 --compare cpu
    done
  fi
fi

if wanted peers; then
  step peers-windows peer windows_gpu.py $small
  if [ "$device" = cpu ]; then set -- --model models/demo; else set --; fi
  step peers-winclip peer winclip_anomalib_gpu.py "$@"
fi

note "$([ $failed -eq 0 ] && echo 'done' || echo 'done, with failures')"
exit $failed

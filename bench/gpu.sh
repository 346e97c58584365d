#!/bin/sh
# Everything that wants a GPU, on a machine that has one: checks, times and peers. From the project's folder:
#   sh bench/gpu.sh FOLDER [PART...]
# builds from source (CMake >= 3.22, a C++20 compiler, nvcc; no Node) and leaves in FOLDER what each step printed, and
# summary.txt: a line for each. Ends with 1 where a step failed; what cannot run here is skipped, and it is said why.
#
# PART, all where none is named, in this order:
#   build     alfa-check and alfa-bench, into FOLDER/build (the other parts need it)
#   check     every kernel on every backend against float64; whole detections of the demo model on the GPU against the CPU
#   sanitize  the kernels' cases under compute-sanitizer: memcheck, racecheck, synccheck
#   kernels   every kernel timed
#   bench     alfa-bench at full size: fp16 and fp32
#   compare   whole detections: fp16 against fp32, and either against the CPU in fp32; at full size and of the demo model
#   peers     the same windows in PyTorch, and anomalib's WinCLIP
#
# Environment, all optional:
#   ALFA_ORT_DIR  ONNX Runtime with its CUDA provider: an unpacked release or Python's onnxruntime/capi; where it is not set,
#                 that of PYTHON's onnxruntime-gpu. Without one, whole detections, bench and compare are skipped.
#   ONNXRUNTIME_INCLUDE_DIR  its headers; default those that `npm ci` brings
#   PYTHON        for the peers; default python3. The CUDA libraries of its nvidia packages are put in LD_LIBRARY_PATH.
#   DEVICE        default cuda; cuda:1; cpu walks the same way without a GPU, in small
#   ARCHITECTURES of the GPU code; default the first GPU's own
#   SECONDS_EACH  of each measurement; default 5
#   LIMIT         seconds that one step may take; default 1800
set -u

cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { sed -n '2,/^set -u/{/^#/s/^# \{0,1\}//p;}' bench/gpu.sh >&2; exit 2; }
out=$1
shift
mkdir -p "$out" || exit 2
out=$(cd "$out" && pwd)
parts=${*:-build check sanitize kernels bench compare peers}
for part in $parts; do
  case $part in build | check | sanitize | kernels | bench | compare | peers) ;; *) echo "There is no part '$part'" >&2; exit 2 ;; esac
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

# The program, for no longer than LIMIT.
limited() { if command -v timeout >/dev/null; then timeout "$limit" "$@"; else "$@"; fi; }

# step NAME COMMAND...: what it prints goes to NAME.txt, how it ended to the summary. An end with 3 says: packages missing.
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
    124) note "FAILED   $name: longer than $limit s" ;;
    *) note "FAILED   $name, ended with $status after $took s: $(tail -n 1 "$out/$name.txt")" ;;
  esac
  [ $status -eq 0 ] || [ $status -eq 3 ] || failed=1
  return $status
}

# The folder of ONNX Runtime that has a CUDA provider, and where CUDA's libraries of Python's packages lie.
find_runtime() {
  [ -n "${ALFA_ORT_DIR:-}" ] ||
    ALFA_ORT_DIR=$("$python" -c 'import importlib.util as u, os; print(os.path.join(u.find_spec("onnxruntime").submodule_search_locations[0], "capi"))' 2>/dev/null)
  runtime=
  for folder in "$ALFA_ORT_DIR" "$ALFA_ORT_DIR/lib" "$ALFA_ORT_DIR/capi"; do
    for file in "$folder"/libonnxruntime.so*; do
      [ -f "$file" ] && { [ "$device" = cpu ] || [ -f "$folder/libonnxruntime_providers_cuda.so" ]; } && runtime=$file
    done
  done
  export ALFA_ORT_DIR
  libraries=$("$python" -c 'import glob, os, sys; print(":".join(sorted({each for path in sys.path for each in glob.glob(os.path.join(path, "nvidia", "*", "lib"))})))' 2>/dev/null)
  [ -z "$libraries" ] || export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

find_cuda() {
  [ "$device" != cpu ] || return 0
  [ -z "${CUDA_HOME:-}" ] && [ -d /usr/local/cuda ] && CUDA_HOME=/usr/local/cuda
  [ -z "${CUDA_HOME:-}" ] || PATH=$CUDA_HOME/bin:$PATH
  command -v nvcc >/dev/null || { echo "There is no nvcc in PATH and no CUDA in /usr/local/cuda; CUDA_HOME names another place" >&2; exit 2; }
  command -v nvidia-smi >/dev/null || { echo "There is no nvidia-smi: is a GPU here?" >&2; exit 2; }
  architectures=${ARCHITECTURES:-$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d '. ')}
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
  if [ "$device" = cpu ]; then set -- -DALFA_CUDA=OFF; else set -- "-DCMAKE_CUDA_ARCHITECTURES=$architectures"; fi
  limited cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DALFA_EMULATED=OFF "$@" &&
    limited cmake --build "$build" --target alfa-check alfa-bench --parallel "$(getconf _NPROCESSORS_ONLN)"
}

# Without a model where there is no ONNX Runtime to run it.
check() {
  if [ -n "$runtime" ]; then set -- "$@" --model models/demo --runtime "$runtime"; fi
  limited "$alfa_check" "$@" || return
  [ "$device" = cpu ] || grep -q '^ok  *cuda ' "$out/check.txt" || { echo "no case ran on the GPU"; return 1; }
}

sanitize() { limited compute-sanitizer --tool "$1" --error-exitcode 9 "$alfa_check" --backend cuda --light; }

bench() { limited "$alfa_bench" --device "$device" --runtime "$runtime" --seconds "$seconds" --json "$out/$name.json" "$@"; }

peer() {
  script=$1
  shift
  limited "$python" "bench/peers/$script" --device "$device" --seconds "$seconds" --batch "$batches" --json "$out/$name.json" "$@"
}

find_cuda
find_runtime
describe_machine >"$out/machine.txt" 2>&1
note "$(date -u '+%Y-%m-%d %H:%M:%S') $parts"

if wanted build; then step build build_all || exit 1; fi
[ -x "$alfa_check" ] && [ -x "$alfa_bench" ] || { echo "There is no $alfa_check: the part 'build' comes first" >&2; exit 2; }

if wanted check; then step check check; fi

if wanted sanitize; then
  if [ "$device" = cpu ]; then note "skipped  sanitize: no GPU"
  elif command -v compute-sanitizer >/dev/null; then for tool in memcheck racecheck synccheck; do step $tool sanitize $tool; done
  else note "skipped  sanitize: there is no compute-sanitizer in PATH"; fi
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
    for precision in $reduced fp32; do step bench-$precision bench --random $size --batch $batches --precision $precision; done
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
  if [ "$device" = cpu ]; then step peers-winclip peer winclip_anomalib_gpu.py --model models/demo; else step peers-winclip peer winclip_anomalib_gpu.py; fi
fi

note "$([ $failed -eq 0 ] && echo 'done' || echo 'done, with failures')"
exit $failed

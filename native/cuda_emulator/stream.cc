// Streams, events and graphs. A device may do its work late, so this one works
// as late as possible: when the host waits. A host that reads a result or
// changes an input before it has waited then gets wrong results. A captured
// stream only records: nothing runs before the graph is launched.
#include "cuda_emulator/stream.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cuda_emulator/machine.h"
#include "cuda_emulator/memory.h"
#include "cuda_emulator/problem.h"

using namespace alfa::emulated;
using Clock = std::chrono::steady_clock;
using Work = std::function<cudaError_t()>;
using Works = std::vector<Work>;

namespace {

struct Capture {
  cudaStream_t origin;
  cudaStreamCaptureMode mode;
  Works works;
  bool over = false, invalid = false;
};
std::atomic<int> global_captures{0};
std::atomic<size_t> graphs{0};

// Held while work is queued and while it runs.
std::recursive_mutex device;

// The work of a stream that has not run yet, and an error for the next wait.
struct Queue {
  bool blocking = true;  // synchronises with the default stream
  std::deque<Work> works;
  cudaError_t error = cudaSuccess;
  std::string message;
};

// The position in a stream at which an event was recorded.
struct Mark {
  std::shared_ptr<Queue> queue;
  bool reached = false;
  Clock::time_point at;
};

std::vector<std::shared_ptr<Queue>>& queues() {  // of all streams
  static auto* all = new std::vector<std::shared_ptr<Queue>>;
  return *all;
}

// Runs work in order until done() is true or nothing is left. After an error
// the rest is dropped.
template <typename Done>
void run_queue(Queue& queue, Done done) {
  while (!done() && !queue.works.empty()) {
    const Work work = std::move(queue.works.front());
    queue.works.pop_front();
    queue.error = work();
    if (queue.error == cudaSuccess) continue;
    queue.message = cudaGetErrorString(queue.error);
    queue.works.clear();
  }
}
void run_queue(Queue& queue) {
  run_queue(queue, [] { return false; });
}
void run_queue(Mark& mark) {
  run_queue(*mark.queue, [&] { return mark.reached; });
}

// The result of a wait.
cudaError_t take_error(Queue& queue) {
  const cudaError_t error = std::exchange(queue.error, cudaSuccess);
  if (error != cudaSuccess) return report(error, queue.message);
  if (const std::string problem = damaged_guards(); !problem.empty())
    return report(cudaErrorIllegalAddress, problem);
  return cudaSuccess;
}

template <typename Which>
cudaError_t wait_for_all(Which which) {
  const std::lock_guard lock(device);
  cudaError_t first = cudaSuccess;
  for (const auto& queue : std::vector(queues())) {
    if (!which(*queue)) continue;
    run_queue(*queue);
    if (first == cudaSuccess) first = take_error(*queue);
  }
  return first;
}
bool blocking(const Queue& queue) { return queue.blocking; }

}  // namespace

struct CUstream_st {
  std::shared_ptr<Queue> queue;
  std::shared_ptr<Capture> capture;
  bool capturing() const { return capture && !capture->over; }
};
struct CUevent_st {
  bool timed = true;
  // The last record: in a stream or in a capture.
  std::shared_ptr<Mark> mark;
  std::shared_ptr<Capture> capture;
};
struct CUgraph_st {
  Works works;
};
struct CUgraphExec_st {
  Works works;
};

namespace alfa::emulated {

cudaError_t submit(cudaStream_t stream, Work work) {
  if (stream && stream->capturing()) {
    stream->capture->works.push_back(std::move(work));
    return cudaSuccess;
  }
  const std::lock_guard lock(device);
  if (stream) {
    stream->queue->works.push_back(std::move(work));
    return cudaSuccess;
  }
  if (global_captures > 0)
    return report(cudaErrorStreamCaptureImplicit,
                  "the default stream is used while another is being captured");
  const cudaError_t error = wait_for_all(blocking);
  return error != cudaSuccess ? error : work();
}

void run_all_queues() {
  const std::lock_guard lock(device);
  for (const auto& queue : std::vector(queues())) run_queue(*queue);
}

size_t graph_count() { return graphs; }

cudaError_t reject_while_capturing(const char* what) {
  if (global_captures == 0) return cudaSuccess;
  return report(cudaErrorStreamCaptureUnsupported,
                std::string(what) + " while a stream is being captured");
}

}  // namespace alfa::emulated

namespace {

cudaError_t run(const Works& works) {
  for (const auto& work : works) {
    if (const cudaError_t error = work(); error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

cudaError_t create(cudaStream_t* stream, bool blocking) {
  const std::lock_guard lock(device);
  *stream = new CUstream_st{std::make_shared<Queue>(), nullptr};
  (*stream)->queue->blocking = blocking;
  queues().push_back((*stream)->queue);
  return cudaSuccess;
}

}  // namespace

cudaError_t cudaDeviceSynchronize() {
  if (const cudaError_t error = reject_while_capturing("cudaDeviceSynchronize");
      error != cudaSuccess)
    return error;
  return wait_for_all([](const Queue&) { return true; });
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return create(stream, true);
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return create(stream, !(flags & cudaStreamNonBlocking));
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags,
                                         int) {
  return cudaStreamCreateWithFlags(stream, flags);
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  const std::lock_guard lock(device);
  run_queue(*stream->queue);
  const cudaError_t error = take_error(*stream->queue);
  std::erase(queues(), stream->queue);
  delete stream;
  return error;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (!stream) return wait_for_all(blocking);
  if (stream->capturing()) {
    stream->capture->invalid = true;
    return report(cudaErrorStreamCaptureUnsupported,
                  "a wait for a stream that is being captured");
  }
  const std::lock_guard lock(device);
  run_queue(*stream->queue);
  return take_error(*stream->queue);
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return cudaStreamSynchronize(stream);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event,
                                unsigned) {
  if (!event) return report(cudaErrorInvalidResourceHandle);
  if (event->capture) {
    if (stream && !event->capture->over)
      stream->capture = event->capture;  // forks and joins within a capture
    return cudaSuccess;
  }
  if (!event->mark) return cudaSuccess;
  return submit(stream, [mark = event->mark] {
    run_queue(*mark);
    return mark->queue->error;
  });
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, void (*function)(void*),
                               void* data) {
  return submit(stream, [=] {
    function(data);
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new CUevent_st;
  (*event)->timed = !(flags & cudaEventDisableTiming);
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  if (!event) return report(cudaErrorInvalidResourceHandle);
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (!event) return report(cudaErrorInvalidResourceHandle);
  event->capture = stream && stream->capturing() ? stream->capture : nullptr;
  event->mark = nullptr;
  if (event->capture) return cudaSuccess;
  event->mark = std::make_shared<Mark>();
  event->mark->queue = stream ? stream->queue : std::make_shared<Queue>();
  return submit(stream, [mark = event->mark] {
    mark->reached = true;
    mark->at = Clock::now();
    return cudaSuccess;
  });
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event->capture) return report(cudaErrorCapturedEvent);
  if (!event->mark) return cudaSuccess;
  const std::lock_guard lock(device);
  run_queue(*event->mark);
  return take_error(*event->mark->queue);
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  return cudaEventSynchronize(event);
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start,
                                 cudaEvent_t end) {
  if (!start->mark || !end->mark || !start->timed || !end->timed)
    return report(cudaErrorInvalidResourceHandle);
  if (!start->mark->reached || !end->mark->reached)
    return report(cudaErrorNotReady, "an event has not been reached yet");
  *milliseconds =
      std::chrono::duration<float, std::milli>(end->mark->at - start->mark->at)
          .count();
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream,
                                   cudaStreamCaptureMode mode) {
  if (!stream)
    return report(cudaErrorStreamCaptureUnsupported,
                  "the default stream cannot be captured");
  if (stream->capturing())
    return report(cudaErrorInvalidValue,
                  "the stream is already being captured");
  stream->capture = std::make_shared<Capture>(Capture{stream, mode, {}});
  if (mode != cudaStreamCaptureModeRelaxed) ++global_captures;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  if (!stream || !stream->capturing() || stream->capture->origin != stream)
    return report(cudaErrorInvalidValue, "the stream is not being captured");
  const std::shared_ptr<Capture> capture =
      std::exchange(stream->capture, nullptr);
  capture->over = true;
  if (capture->mode != cudaStreamCaptureModeRelaxed) --global_captures;
  if (capture->invalid) return report(cudaErrorStreamCaptureInvalidated);
  *graph = new CUgraph_st{std::move(capture->works)};
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream,
                                  cudaStreamCaptureStatus* status) {
  *status = !stream || !stream->capturing() ? cudaStreamCaptureStatusNone
            : stream->capture->invalid      ? cudaStreamCaptureStatusInvalidated
                                            : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
  if (!graph) return report(cudaErrorInvalidValue);
  *executable = new CUgraphExec_st{graph->works};
  ++graphs;
  return cudaSuccess;
}
cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) {
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (!executable) return report(cudaErrorInvalidValue);
  return submit(stream, [works = executable->works] { return run(works); });
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  if (!graph) return report(cudaErrorInvalidValue);
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  if (!executable) return report(cudaErrorInvalidValue);
  delete executable;
  return cudaSuccess;
}

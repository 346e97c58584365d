// Streams, events and graphs. A captured stream really records: nothing of it runs before the graph is launched.
#include "check/emulated/stream.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "check/emulated/memory.h"
#include "check/emulated/problem.h"

using Clock = std::chrono::steady_clock;
using Works = std::vector<std::function<cudaError_t()>>;

namespace {

struct Capture {
  cudaStream_t origin;
  cudaStreamCaptureMode mode;
  Works works;
  bool over = false, invalid = false;
};
std::atomic<int> global_captures{0};

}  // namespace

struct CUstream_st {
  std::shared_ptr<Capture> capture;
  bool capturing() const { return capture && !capture->over; }
};
struct CUevent_st {
  bool timed = true;
  bool recorded = false;
  Clock::time_point at;
  std::shared_ptr<Capture> capture;  // where it was last recorded, if that was one
};
struct CUgraph_st {
  Works works;
};
struct CUgraphExec_st {
  Works works;
};

namespace alfa::emulated {

cudaError_t submit(cudaStream_t stream, std::function<cudaError_t()> work) {
  if (!stream && global_captures > 0) return report(cudaErrorStreamCaptureImplicit, "the default stream is used while another is being captured");
  if (!stream || !stream->capturing()) return work();
  stream->capture->works.push_back(std::move(work));
  return cudaSuccess;
}

cudaError_t refuse_while_capturing(const char* what) {
  if (global_captures == 0) return cudaSuccess;
  return report(cudaErrorStreamCaptureUnsupported, std::string(what) + " while a stream is being captured");
}

}  // namespace alfa::emulated

using namespace alfa::emulated;

namespace {

cudaError_t settle(cudaStream_t stream) {
  if (stream && stream->capturing()) {
    stream->capture->invalid = true;
    return report(cudaErrorStreamCaptureUnsupported, "waited for a stream that is being captured");
  }
  if (const std::string problem = broken_guards(); !problem.empty()) return report(cudaErrorIllegalAddress, problem);
  return cudaSuccess;
}

cudaError_t run(const Works& works) {
  for (const auto& work : works) {
    if (const cudaError_t error = work(); error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

}  // namespace

cudaError_t cudaDeviceSynchronize() {
  if (const cudaError_t error = refuse_while_capturing("cudaDeviceSynchronize"); error != cudaSuccess) return error;
  return settle(nullptr);
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  *stream = new CUstream_st;
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) { return cudaStreamCreate(stream); }
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) { return cudaStreamCreate(stream); }
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) { return settle(stream); }
cudaError_t cudaStreamQuery(cudaStream_t stream) { return settle(stream); }
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (!event) return report(cudaErrorInvalidResourceHandle);
  if (stream && event->capture && !event->capture->over) stream->capture = event->capture;  // forks and joins of a capture
  return cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, void (*function)(void*), void* data) {
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
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  if (!event) return report(cudaErrorInvalidResourceHandle);
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (!event) return report(cudaErrorInvalidResourceHandle);
  event->capture = stream && stream->capturing() ? stream->capture : nullptr;
  event->recorded = true;
  event->at = Clock::now();
  return cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t event) { return event->capture ? report(cudaErrorCapturedEvent) : cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t event) { return event->capture ? report(cudaErrorCapturedEvent) : settle(nullptr); }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  if (!start->recorded || !end->recorded || !start->timed || !end->timed || start->capture || end->capture) return report(cudaErrorInvalidResourceHandle);
  *milliseconds = std::chrono::duration<float, std::milli>(end->at - start->at).count();
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  if (!stream) return report(cudaErrorStreamCaptureUnsupported, "the default stream cannot be captured");
  if (stream->capturing()) return report(cudaErrorInvalidValue, "the stream is being captured already");
  stream->capture = std::make_shared<Capture>(Capture{stream, mode, {}});
  if (mode != cudaStreamCaptureModeRelaxed) ++global_captures;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  if (!stream || !stream->capturing() || stream->capture->origin != stream) return report(cudaErrorInvalidValue, "the stream is not being captured");
  const std::shared_ptr<Capture> capture = std::exchange(stream->capture, nullptr);
  capture->over = true;
  if (capture->mode != cudaStreamCaptureModeRelaxed) --global_captures;
  if (capture->invalid) return report(cudaErrorStreamCaptureInvalidated);
  *graph = new CUgraph_st{std::move(capture->works)};
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  *status = !stream || !stream->capturing() ? cudaStreamCaptureStatusNone
            : stream->capture->invalid      ? cudaStreamCaptureStatusInvalidated
                                            : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  if (!graph) return report(cudaErrorInvalidValue);
  *executable = new CUgraphExec_st{graph->works};
  return cudaSuccess;
}
cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) { return cudaSuccess; }
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

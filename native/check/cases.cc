#include "check/cases.h"

namespace alfa::check {

Cases all_cases() {
  Cases cases;
  resize_cases(cases);
  pixel_cases(cases);
  segment_attention_cases(cases);
  absorbed_attention_cases(cases);
  epilogue_cases(cases);
  epilogue_cuda_cases(cases);
  relevance_cases(cases);
  contextual_cases(cases);
  abnormal_probability_cases(cases);
  aligner_cases(cases);
  patch_features_cases(cases);
  coreset_cases(cases);
  nearest_cases(cases);
  bank_cases(cases);
  harmonic_map_cases(cases);
  smooth_cases(cases);
  upsample_cases(cases);
  regions_cases(cases);
  auroc_cases(cases);
  metrics_cases(cases);
  variant_cases(cases);
  forward_variant_cases(cases);
  pool_cases(cases);
#ifdef ALFA_CUDA_EMULATED
  emulated_cases(cases);
#endif
#ifdef ALFA_CUDA_SANITIZED
  sanitized_cases(cases);
#endif
  return cases;
}

}  // namespace alfa::check

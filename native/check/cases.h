#pragma once
#include "check/case.h"

namespace alfa::check {

// Every case of every operator, in the order of the data's way through the
// engine.
Cases all_cases();

void resize_cases(Cases& cases);  // cases_resize.cc
void pixel_cases(Cases& cases);   // cases_pixels.cc
void segment_attention_cases(
    Cases& cases);  // cases_segment_attention.cc, and so on
void absorbed_attention_cases(Cases& cases);
void epilogue_cases(Cases& cases);
void epilogue_cuda_cases(Cases& cases);
void relevance_cases(Cases& cases);
void contextual_cases(Cases& cases);
void abnormal_probability_cases(Cases& cases);
void aligner_cases(Cases& cases);
void patch_features_cases(Cases& cases);
void coreset_cases(Cases& cases);
void nearest_cases(Cases& cases);
void bank_cases(Cases& cases);
void harmonic_map_cases(Cases& cases);
void smooth_cases(Cases& cases);
void upsample_cases(Cases& cases);
void regions_cases(Cases& cases);
void auroc_cases(Cases& cases);
void metrics_cases(Cases& cases);
void variant_cases(Cases& cases);  // kernels once more, in instruction sets
                                   // that the CPU would not choose
void forward_variant_cases(Cases& cases);
void pool_cases(
    Cases& cases);  // what the engine hands kernels as their ParallelFor
void emulated_cases(
    Cases& cases);  // emulated/: the emulation of CUDA itself, where that runs
void sanitized_cases(Cases& cases);  // and of its sanitizer

}  // namespace alfa::check

// How far one engine's detections lie from another's: whole detections, pixels in, score and map out.
#pragma once
#include <string>

#include "bench/subject.h"

namespace alfa::bench {

struct Sides {
  std::string reference, compared;  // device and precision, as Info names them
  int pictures = 0, image = 0;      // px a side
};

struct Comparison : Sides {
  double score = 0;              // largest difference of image scores, as below
  double global = 0, local = 0;  // of S_G, of max M
  double map = 0;                // of a pixel
  double correlation = 1;        // Pearson's, of a picture's two maps: the lowest
  double embedding = 1;          // cosine of the image embeddings: the lowest
  int kept_otherwise = 0;        // prompts, over all pictures, that one keeps and the other drops: a step, not a slope
  int prompts = 0;               // of all pictures
  double lowest = 0, highest = 0;  // the reference's scores: what the differences are to be seen against
};

Comparison compare(const Options& options, const Subject& subject);

}  // namespace alfa::bench

// Compares the detections of two engines, from pixels to score and map.
#pragma once
#include <string>

#include "bench/subject.h"

namespace alfa::bench {

struct Difference {
  double score = 0;              // largest difference of image scores
  double global = 0, local = 0;  // of S_G, of max M
  double map = 0;                // of a pixel
  double correlation = 1;  // Pearson's, of the two maps of an image: the lowest
};

struct Comparison {
  std::string reference, compared;  // device and precision
  int images = 0;
  int image = 0;             // the side of an image in pixels
  Difference selected;       // with contextual selection, as in recipe `alfa`
  int kept_differently = 0;  // prompts that one side keeps and the other drops
  int prompts = 0;           // of all images
  // Without contextual selection: there are no steps, so small causes have
  // small effects.
  Difference unselected;
  double embedding = 1;  // cosine of the two embeddings of an image: the lowest
  double between_images = 1;  // cosine of the embeddings of two images in the
                              // reference: the lowest
  double lowest = 1, highest = 0;  // scores of the reference
};

Comparison compare(const Options& options, const Subject& subject);

}  // namespace alfa::bench

// How far one engine's detections lie from another's: whole detections, pixels
// in, score and map out.
#pragma once
#include <string>

#include "bench/subject.h"

namespace alfa::bench {

struct Difference {
  double score = 0;              // largest difference of image scores
  double global = 0, local = 0;  // of S_G, of max M
  double map = 0;                // of a pixel
  double correlation = 1;  // Pearson's, of a picture's two maps: the lowest
};

struct Comparison {
  std::string reference, compared;  // device and precision, as Info names them
  int pictures = 0, image = 0;      // px a side
  Difference selected;              // recipe `alfa` as it is
  int kept_otherwise = 0, prompts = 0;  // of all pictures' prompts, those that
                                        // one side keeps and the other drops
  Difference unselected;  // every prompt kept: no steps, so that small causes
                          // have small effects
  double embedding = 1;   // cosine of an image's two embeddings: the lowest
  double apart = 1;  // cosine of two images' embeddings, in the reference: what
                     // that is to be seen against
  double lowest = 1, highest = 0;  // the reference's scores
};

Comparison compare(const Options& options, const Subject& subject);

}  // namespace alfa::bench

// Types alone: what page.ts puts into the page, and uPlot, which its script leaves in the global scope.
type Payload = import("../payload.js").Payload;
type PayloadCategory = import("../payload.js").PayloadCategory;
type ImageRow = import("../payload.js").ImageRow;
type ChunkImage = import("../payload.js").ChunkImage;
type Found = import("../payload.js").Found;
type CurveBlock = import("../payload.js").CurveBlock;
type CurveName = import("../payload.js").CurveName;
type CurvePoints = import("../../../evaluate/results.js").CurvePoints;
type MetricValue = import("../../../evaluate/results.js").MetricValue;
type MetricName = import("../../../evaluate/results.js").MetricName;
type Plot = import("uplot");
type PlotOptions = import("uplot").Options;
declare const uPlot: typeof import("uplot");

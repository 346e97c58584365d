// Everything that users of alfa-vad can import.

// Engine, categories and results

export type { CategoryOptions, References } from "./category/options.js";
export type { ReferenceInfo } from "./category/references.js";
export {
	type Calibration,
	Category,
	type DetectManyOptions,
	type StreamOptions,
} from "./category.js";
export type { Reason } from "./detection/reasons.js";
export type { Region } from "./detection/regions.js";
export { Detection, type JudgedPrompt, type Timings } from "./detection.js";
export { Engine, type EngineInfo } from "./engine.js";
export { AlfaError, type ErrorCode, errorCodes } from "./errors.js";
export type { ColormapName } from "./images/colormap.js";
export type { ImageInput } from "./images/input.js";
export type { PngOptions } from "./images/map-png.js";
export type { RawImage } from "./images/pixels.js";
export type { ImageProblem } from "./images/stream.js";
export type { EngineOptions, Logger } from "./options/engine.js";
export type { ImageReading } from "./options/reading.js";
export type { RecipeName } from "./recipes.js";
export type {
	BankOptions,
	ContextOption,
	FeatureOptions,
	RecipeOptions,
	RecipeSettings,
	Settings,
	TileOptions,
} from "./settings/settings.js";
export type { Source } from "./util/ordered.js";

// Prompts

export type { LlmOptions } from "./llm/options.js";
export type { LlmUsage } from "./llm/usage.js";
export { type ExtraPrompts, extendPrompts } from "./prompts/extend.js";
export type { Dropped, DropReason } from "./prompts/filter.js";
export {
	type GenerateFailure,
	type GenerateResult,
	generatePrompts,
} from "./prompts/generate.js";
export type {
	GenerateOptions,
	GenerateProgress,
} from "./prompts/generate-options.js";
export type { PromptListName } from "./prompts/lists.js";
export { readPromptSet, writePromptSet } from "./prompts/prompt-file.js";
export type {
	PromptInput,
	PromptSet,
	PromptSource,
} from "./prompts/prompt-set.js";
export {
	type State,
	type TemplateLists,
	templatePrompts,
} from "./prompts/templates.js";

// Metrics and evaluation

export type {
	CategoryData,
	Problem,
	ProblemKind,
	TestImage,
} from "./datasets/category-data.js";
export {
	type Dataset,
	type DatasetOptions,
	readDataset,
} from "./datasets/dataset.js";
export type { LayoutName } from "./datasets/layouts.js";
export type { AblationName } from "./evaluate/ablations.js";
export { type EvaluationResult, evaluate } from "./evaluate/evaluate.js";
export type { EvaluateOptions, EvaluateProgress } from "./evaluate/options.js";
export type { SystemOptions } from "./evaluate/systems.js";
export {
	type Curve,
	type ImageMetrics,
	type ImageOptions,
	type Labels,
	type Maps,
	type Masks,
	metrics,
	type PixelMetrics,
	type PixelOptions,
	type Scores,
} from "./metrics.js";
export type {
	CategoryResult,
	Comparison,
	CurvePoints,
	DatasetResult,
	Evaluation,
	MetricName,
	MetricValue,
	MetricValues,
	RunInfo,
	ScoreSource,
	Variant,
	VariantResult,
} from "./report/evaluation/results.js";

// Models

export { type PulledModel, pullModel } from "./models/pull.js";
export type { PullOptions, PullProgress } from "./models/pull-options.js";
export type { PulledFile } from "./models/pulled-models.js";

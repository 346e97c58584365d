// The table of contents of alfa-vad.
export { Engine, type EngineInfo } from "./engine.js";
export type { EngineOptions, Logger } from "./options/engine.js";
export { Category, type Calibration, type StreamOptions } from "./category.js";
export type {
	CategoryOptions,
	References,
	TileOptions,
} from "./options/category.js";
export type { ReferenceInfo } from "./category/references.js";
export type { Settings } from "./native/settings.js";
export { Detection, type JudgedPrompt, type Timings } from "./detection.js";
export type { Region } from "./category/regions.js";
export type { Reason } from "./category/reasons.js";
export type { PngOptions } from "./report/png.js";
export type { ImageInput } from "./images/decode.js";
export type { RawImage } from "./images/pixels.js";
export type {
	PromptInput,
	PromptSet,
	PromptSource,
} from "./prompts/prompt-set.js";
export type { PromptListName } from "./prompts/lists.js";
export type {
	BankOptions,
	ContextOption,
	FeatureOptions,
	RecipeName,
	RecipeSettings,
} from "./recipes.js";
export {
	generatePrompts,
	type GenerateFailure,
	type GenerateResult,
} from "./prompts/generate.js";
export type {
	GenerateOptions,
	GenerateProgress,
} from "./prompts/generate-options.js";
export type { LlmOptions } from "./llm/options.js";
export type { LlmUsage } from "./llm/usage.js";
export type { Dropped, DropReason } from "./prompts/filter.js";
export { extendPrompts, type ExtraPrompts } from "./prompts/extend.js";
export {
	templatePrompts,
	type State,
	type TemplateLists,
} from "./prompts/templates.js";
export { readPromptSet, writePromptSet } from "./prompts/prompt-file.js";
export {
	metrics,
	type Curve,
	type ImageMetrics,
	type ImageOptions,
	type Labels,
	type Maps,
	type Masks,
	type PixelMetrics,
	type PixelOptions,
	type Scores,
} from "./metrics.js";
export { evaluate, type EvaluationResult } from "./evaluate/evaluate.js";
export { readDataset } from "./datasets/layouts.js";
export type { EvaluateOptions, EvaluateProgress } from "./evaluate/options.js";
export type { SystemOptions } from "./evaluate/systems.js";
export type { AblationName } from "./evaluate/ablations.js";
export type {
	CategoryData,
	Dataset,
	LayoutName,
	Problem,
	ProblemKind,
	TestImage,
} from "./datasets/dataset.js";
export type {
	CategoryResult,
	Comparison,
	CurvePoints,
	DatasetResult,
	Evaluation,
	MetricValue,
	MetricValues,
	MetricName,
	Readout,
	RunInfo,
	Variant,
	VariantResult,
} from "./evaluate/results.js";
export { pullModel, type PulledModel } from "./models/pull.js";
export type { PullOptions, PullProgress } from "./models/pull-options.js";
export type { PulledFile } from "./models/pulled-models.js";
export { AlfaError, type ErrorCode } from "./errors.js";

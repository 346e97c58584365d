// Every public function gets values that nobody should pass: it works, or it says by name what is wrong.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	AlfaError,
	type Category,
	Engine,
	evaluate,
	extendPrompts,
	generatePrompts,
	metrics,
	pullModel,
	readDataset,
	readPromptSet,
	templatePrompts,
	writePromptSet,
} from "../dist/index.js";
import { writeDataset } from "./support/datasets.js";
import { temporaryFolder } from "./support/folder.js";
import { type Replace, replacement } from "./support/hostile-values.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const seed = 20261128;
const runsPerFunction = 40;

const folder = temporaryFolder();
const dataset = writeDataset("widgets", [
	"widget/train/good/0.png",
	"widget/test/good/0.png",
	"widget/test/bad/0.png",
]);
const image = () => sceneImage(16, 16, 3);
const prompts = () => ({
	class: "widget",
	normal: ["a clean widget"],
	abnormal: ["a broken widget"],
	descriptors: ["a crack"],
	source: { kind: "user" as const, note: ["a", { b: 1 }] },
});
const onProgress = () => {};
const newSignal = () => new AbortController().signal;

/** A server that has nothing. */
const server = createServer((_, response) => response.writeHead(404).end());

let engine: Engine;
let category: Category;
let detection: Awaited<ReturnType<Category["detect"]>>;
beforeAll(async () => {
	// A relative path that a hostile value makes must not end up in the package.
	process.chdir(folder);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	process.env["HF_ENDPOINT"] = address();
	engine = await Engine.open({ model: tinyModel });
	category = await engine.category("widget", { prompts: prompts() });
	detection = await category.detect(image());
});
afterAll(async () => {
	server.close();
	await engine?.close();
});
const address = () =>
	`http://127.0.0.1:${(server.address() as AddressInfo).port}`;

interface PublicFunction {
	// biome-ignore lint/suspicious/noExplicitAny: the arguments are wrong on purpose.
	call: (...args: any[]) => unknown;
	/** Valid arguments, with as many options as possible. */
	validArguments: () => unknown[];
}

async function consume(stream: AsyncIterable<unknown>): Promise<void> {
	for await (const _ of stream);
}

const labels = () => Uint8Array.of(0, 1);
const scores = () => Float32Array.of(0.1, 0.9);
const pixelArguments = () => [
	[Float32Array.of(0, 1, 0, 1)],
	[Uint8Array.of(0, 1, 0, 0)],
	{
		width: 2,
		height: 2,
		maxFpr: 0.3,
		thresholds: "all",
		curves: true,
		threads: 1,
	},
];
const imageArguments = () => [labels(), scores(), { curves: true }];
const categoryOptions = () => ({
	recipe: { name: "alfa", temperature: 0.07 },
	prompts: prompts(),
	references: { images: [image()], augment: "none", maxEntries: 10 },
	scales: [2],
	features: { depths: [0.5], neighbourhoods: [1] },
	context: { slope: 1 },
	harmonic: { includeGlobal: true },
	tile: { size: 16, overlap: 4 },
	displayName: "widget",
	threshold: 0.5,
	pixelThreshold: 0.5,
	damaged: "refuse",
	colour: "srgb",
	signal: newSignal(),
	onProgress,
});

const functions: Record<string, PublicFunction> = {
	"Engine.open": {
		call: async (options) => {
			const opened = await Engine.open(options);
			await opened.close();
		},
		validArguments: () => [
			{
				model: tinyModel,
				device: "cpu",
				precision: "fp32",
				imageSize: 48,
				threads: 1,
				maxBatch: 2,
				batchWait: 1,
				gpuMemory: 0,
				queue: 4,
				maxPixels: 10_000,
				damaged: "refuse",
				colour: "srgb",
				cache: false,
				signal: newSignal(),
				logger: { debug: onProgress, warn: onProgress },
			},
		],
	},
	"engine.embedImage": {
		call: (...args: [never]) => engine.embedImage(...args),
		validArguments: () => [image(), { fit: "crop", signal: newSignal() }],
	},
	"engine.embedText": {
		call: (...args: [never]) => engine.embedText(...args),
		validArguments: () => [["a", "b"], { signal: newSignal() }],
	},
	"engine.countTokens": {
		call: (text) => engine.countTokens(text),
		validArguments: () => ["a"],
	},
	"engine.category": {
		call: (...args: [never]) => engine.category(...args),
		validArguments: () => ["widget", categoryOptions()],
	},
	"engine.loadCategory": {
		call: (...args: [never]) => engine.loadCategory(...args),
		validArguments: () => [
			join(folder, "missing.alfa"),
			{ signal: newSignal() },
		],
	},
	"engine.detect": {
		call: (image, categories, options) =>
			engine.detect(image, categories, options),
		validArguments: () => [image(), [category], { signal: newSignal() }],
	},
	"engine.exportOnnx": {
		call: (directory) => engine.exportOnnx(directory),
		validArguments: () => [join(folder, "onnx")],
	},
	"category.detect": {
		call: (...args: [never]) => category.detect(...args),
		validArguments: () => [image(), { signal: newSignal() }],
	},
	"category.detectMany": {
		call: (...args: [never]) => consume(category.detectMany(...args)),
		validArguments: () => [
			[image(), image()],
			{
				signal: newSignal(),
				onProgress,
				onError: "skip",
				onProblem: onProgress,
			},
		],
	},
	"category.calibrate": {
		call: (...args: [never]) => category.calibrate(...args),
		validArguments: () => [
			[image()],
			{ signal: newSignal(), onProgress, quantile: 0.9, margin: 1 },
		],
	},
	"category.warmUp": {
		call: (options) => category.warmUp(options),
		validArguments: () => [{ signal: newSignal() }],
	},
	"category.save": {
		call: (file) => category.save(file),
		validArguments: () => [join(folder, "widget.alfa")],
	},
	"detection.toPng": {
		call: (options) => detection.toPng(options),
		validArguments: () => [
			{
				kind: "overlay",
				colormap: "turbo",
				range: [0, 1],
				threshold: 0.5,
				image: image(),
			},
		],
	},
	"metrics.image": {
		call: (...args: [never, never]) => metrics.image(...args),
		validArguments: imageArguments,
	},
	"metrics.auroc": {
		call: (...args: [never, never]) => metrics.auroc(...args),
		validArguments: () => [labels(), scores()],
	},
	"metrics.averagePrecision": {
		call: (...args: [never, never]) => metrics.averagePrecision(...args),
		validArguments: () => [labels(), scores()],
	},
	"metrics.aupr": {
		call: (...args: [never, never]) => metrics.aupr(...args),
		validArguments: () => [labels(), scores()],
	},
	"metrics.f1Max": {
		call: (...args: [never, never]) => metrics.f1Max(...args),
		validArguments: () => [labels(), scores()],
	},
	"metrics.pixel": {
		call: (...args: [never, never, never]) => metrics.pixel(...args),
		validArguments: pixelArguments,
	},
	"metrics.pro": {
		call: (...args: [never, never, never]) => metrics.pro(...args),
		validArguments: pixelArguments,
	},
	"metrics.async.image": {
		call: (...args: [never, never]) => metrics.async.image(...args),
		validArguments: imageArguments,
	},
	"metrics.async.auroc": {
		call: (...args: [never, never]) => metrics.async.auroc(...args),
		validArguments: () => [labels(), scores()],
	},
	"metrics.async.pixel": {
		call: (...args: [never, never, never]) => metrics.async.pixel(...args),
		validArguments: pixelArguments,
	},
	extendPrompts: {
		call: (...args: [never, never]) => extendPrompts(...args),
		validArguments: () => [prompts(), prompts()],
	},
	templatePrompts: {
		call: (...args: [never]) => templatePrompts(...args),
		validArguments: () => [
			"widget",
			{
				domains: ["bright"],
				normal: ["clean"],
				abnormal: [{ state: "broken", details: "with rust" }],
			},
		],
	},
	writePromptSet: {
		call: (...args: [never, never]) => writePromptSet(...args),
		validArguments: () => [join(folder, "set.json"), prompts()],
	},
	readPromptSet: {
		call: (file) => readPromptSet(file),
		validArguments: () => [join(folder, "set.json")],
	},
	generatePrompts: {
		call: (options) => generatePrompts(options),
		validArguments: () => [
			{
				class: "widget",
				displayName: "widget",
				llm: {
					baseURL: address(),
					model: "m",
					headers: { "x-test": "1" },
					timeout: 100,
					maxRetries: 0,
					concurrency: 1,
					backoff: { first: 1, max: 1 },
					maxBytes: 1024,
					price: { prompt: 1, completion: 1 },
				},
				perLabel: { min: 1, max: 2 },
				samples: 1,
				descriptors: 1,
				countTokens: () => 1,
				similarity: 0.9,
				signal: newSignal(),
				onProgress,
			},
		],
	},
	pullModel: {
		call: (name, options) => pullModel(name, options),
		validArguments: () => [
			"ViT-B-32",
			{
				revision: "main",
				sha256: {},
				retries: 0,
				timeout: 100,
				signal: newSignal(),
			},
		],
	},
	readDataset: {
		call: (...args: [never]) => readDataset(...args),
		validArguments: () => [
			dataset,
			{ layout: "mvtec", classes: ["widget"], normalFolders: ["good"] },
		],
	},
	evaluate: {
		call: (engine, roots, options) => evaluate(engine, roots, options),
		validArguments: () => [
			engine,
			[
				{
					name: "widgets",
					root: dataset,
					layout: "mvtec",
					categories: [
						{
							name: "widget",
							train: [],
							test: [
								{
									id: "a",
									file: join(dataset, "widget/test/good/0.png"),
									kind: "good",
									anomalous: false,
								},
							],
						},
					],
					problems: [],
				},
			],
			{
				systems: ["alfa", { title: "other", scales: [2] }],
				ablate: [],
				shots: [0],
				seeds: 1,
				classes: ["widget"],
				prompts: { widget: prompts() },
				displayNames: { widget: "widget" },
				normalFolders: ["good"],
				resolution: 48,
				maxFpr: 0.3,
				proThresholds: "all",
				signal: newSignal(),
				onProgress,
			},
		],
	},
};

type Path = (string | number)[];

/** The places of all values inside the arguments, also of objects and arrays themselves. */
function placesIn(value: unknown, path: Path = []): Path[] {
	const isData =
		Array.isArray(value) ||
		(typeof value === "object" &&
			value !== null &&
			Object.getPrototypeOf(value) === Object.prototype);
	const inner = isData
		? Object.entries(value).flatMap(([key, each]) =>
				placesIn(each, [...path, key]),
			)
		: [];
	return path.length === 0 ? inner : [path, ...inner];
}

function replaceAt(value: unknown, path: Path, replace: Replace): void {
	const parent = path
		.slice(0, -1)
		.reduce<unknown>((each, key) => (each as never)[key], value);
	const last = path.at(-1)!;
	const record = parent as Record<string | number, unknown>;
	record[last] = replace(record[last]);
}

const classes: Record<string, unknown> = {
	ERR_ALFA_ARGUMENT: TypeError,
	ERR_ALFA_RANGE: RangeError,
};

/** The error has a code of the package, is of the code's class, and is no internal one. */
function expectNamed(error: unknown, what: string): void {
	const { code, message, stack } = error as AlfaError;
	expect(code, `${what}: ${stack}`).toMatch(/^ERR_ALFA_/);
	expect(code, `${what}: ${message}`).not.toBe("ERR_ALFA_INTERNAL");
	expect(error, what).toBeInstanceOf(classes[code] ?? AlfaError);
}

describe("works or throws a named error", () => {
	test.each(Object.entries(functions))(
		"%s",
		async (_name, { call, validArguments }) => {
			const place = fc.constantFrom(...placesIn(validArguments()));
			const property = fc.asyncProperty(
				place,
				replacement,
				async (path, { name, replace }) => {
					const args = validArguments();
					replaceAt(args, path, replace);
					try {
						await call(...args);
					} catch (error) {
						expectNamed(error, `${path.join(".")} = ${name}`);
					}
				},
			);
			await fc.assert(property, {
				seed,
				numRuns: runsPerFunction,
				endOnFailure: true,
			});
		},
	);
});

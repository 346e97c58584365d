// The published types accept a strict program that follows the documentation, and reject wrong programs.
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "./support/folder.js";
import { root } from "./support/paths.js";

const validProgram = `
import {
	AlfaError, Engine, metrics,
	type Category, type Detection, type ErrorCode, type ImageInput, type PromptSet,
} from 'alfa-vad'

const prompts: PromptSet = {
	class: 'bottle',
	normal: ['a bottle'],
	abnormal: ['a broken bottle'],
	source: { kind: 'user' },
}
await using engine: Engine = await Engine.open({
	model: 'demo', device: 'auto', precision: 'auto', threads: 0, maxBatch: 8, queue: 64, logger: console,
})
export const sum: number = engine.info.embedDim + engine.info.imageSize + engine.info.grid
export const embedding: Float32Array = await engine.embedText(['a photo of a bottle'])
const bottle: Category = await engine.category('bottle', {
	recipe: 'alfa', prompts, scales: [2, 3], temperature: 0.07, aligner: 'ridge', lambda: 1, context: 'off',
	harmonic: { includeGlobal: true }, mask: 'drop', fit: 'crop', resolution: 'image',
})
export const other = await engine.category('bottle', { recipe: { name: 'winclip', temperature: 0.1 } })
const images: ImageInput[] = [
	'a.png',
	new URL('file:///a.png'),
	new Uint8Array(9),
	{ data: new Uint8Array(192), width: 8, height: 8, channels: 3 },
]
const result: Detection = await bottle.detect(images[0]!, { signal: AbortSignal.timeout(1000) })
export const anomalous: boolean | undefined = result.anomalous
export const local: number | undefined = result.localScore
export const [normal, abnormal]: readonly [number, number] = result.prompts.kept
export const png: Uint8Array = await result.toPng({ kind: 'mask', threshold: 0.5 })
export const reasons: string[] = result.reasons.map(({ text, similarity }) => text + similarity.toFixed(2))
export const total: number = result.timings.total + result.timings.decode
const stream = bottle.detectMany(images, { onProgress: ({ done, total }) => done + (total ?? 0) })
for await (const { map, mapWidth, mapHeight } of stream) map[mapWidth * mapHeight - 1]
const { threshold, scores } = await bottle.calibrate(images, { quantile: 0.95, margin: 1 })
export const area: number = metrics.auroc(new Uint8Array(2), scores) + threshold
try {
	await engine.close()
} catch (error) {
	if (error instanceof AlfaError) {
		const code: ErrorCode = error.code
		code satisfies string
	}
}
`;

/** Each line is a type error by itself. */
const wrongLines = [
	"await Engine.open({ devize: 'cpu' })",
	"await Engine.open({ device: 'gpu' })",
	"await engine.category('bottle', { recipe: 'alpha' })",
	"await engine.category('bottle', { scales: '2,3' })",
	"detection.score = 1",
	"await category.detect({ data: new Float32Array(3), width: 1, height: 1, channels: 3 })",
	// Internal members and constructors are not visible.
	"new Detection()",
	"new Category()",
	"engine.session",
	"Category.create",
	"Category.detectTogether",
	"engine.encodedTexts",
];
const declarations = `
import { Category, Detection, Engine } from 'alfa-vad'
declare const engine: Engine
declare const category: Category
declare const detection: Detection
`;

/** Compiles the files in a new project that has alfa-vad in node_modules, and returns the errors. */
function compile(files: Record<string, string>, module: string): string[] {
	const folder = temporaryFolder();
	const packages = join(folder, "node_modules");
	mkdirSync(join(packages, "@types"), { recursive: true });
	symlinkSync(root, join(packages, "alfa-vad"), "dir");
	symlinkSync(
		join(root, "node_modules", "@types", "node"),
		join(packages, "@types", "node"),
		"dir",
	);
	writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
	for (const [name, text] of Object.entries(files))
		writeFileSync(join(folder, name), text);
	const options = [
		"--noEmit",
		"--strict",
		"--exactOptionalPropertyTypes",
		...["--target", "es2023"],
		...["--lib", "es2023,esnext.disposable"],
		...["--types", "node"],
		...["--module", module],
		...(module === "esnext" ? ["--moduleResolution", "bundler"] : []),
	];
	const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
	const { stdout } = spawnSync(
		process.execPath,
		[tsc, ...options, ...Object.keys(files)],
		{
			cwd: folder,
			encoding: "utf8",
		},
	);
	return stdout.split("\n").filter((line) => line.includes("error TS"));
}

test.each(["nodenext", "esnext"])(
	"a program that follows the documentation compiles (module %s)",
	(module) => {
		expect(compile({ "valid.ts": validProgram }, module)).toEqual([]);
	},
);

test("wrong programs do not compile", () => {
	const files = wrongLines.map((line, i) => [
		`wrong${i}.ts`,
		`${declarations}${line}\n`,
	]);
	const errors = compile(Object.fromEntries(files), "nodenext");
	const accepted = wrongLines.filter(
		(_, i) => !errors.some((error) => error.startsWith(`wrong${i}.ts`)),
	);
	expect(accepted).toEqual([]);
	expect(compile({ "declarations.ts": declarations }, "nodenext")).toEqual([]);
});

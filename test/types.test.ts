// The declarations let a strict TypeScript program through, and stop a wrong one.
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "./support/folder.js";
import { root } from "./support/paths.js";

const right = `
import { AlfaError, Engine, metrics, type Category, type Detection, type ErrorCode, type ImageInput, type PromptSet } from 'alfa-vad'

const prompts: PromptSet = { class: 'bottle', normal: ['a bottle'], abnormal: ['a broken bottle'], source: { kind: 'user' } }
await using engine: Engine = await Engine.open({ model: 'demo', device: 'auto', precision: 'auto', threads: 0, maxBatch: 8, queue: 64, logger: console })
const width: number = engine.info.embedDim + engine.info.imageSize + engine.info.grid
const one: Float32Array = await engine.embedText(['a photo of a bottle'])
const bottle: Category = await engine.category('bottle', { recipe: 'alfa', prompts, scales: [2, 3], temperature: 0.07, aligner: 'ridge',
  lambda: 1, context: 'off', harmonic: { includeGlobal: true }, mask: 'drop', fit: 'crop', resolution: 'image' })
const own = await engine.category('bottle', { recipe: { name: 'winclip', temperature: 0.1 } })
const images: ImageInput[] = ['a.png', new URL('file:///a.png'), new Uint8Array(9), { data: new Uint8Array(192), width: 8, height: 8, channels: 3 }]
const result: Detection = await bottle.detect(images[0]!, { signal: AbortSignal.timeout(1000) })
const anomalous: boolean | undefined = result.anomalous
const local: number | undefined = result.localScore
const [normal, abnormal]: readonly [number, number] = result.prompts.kept
const png: Uint8Array = await result.toPng({ kind: 'mask', threshold: 0.5 })
const words: string[] = result.reasons.map(({ text, similarity }) => text + similarity.toFixed(2))
const total: number = result.timings.total + result.timings.decode
for await (const { map, mapWidth, mapHeight } of bottle.detectMany(images, { onProgress: ({ done, total }) => done + (total ?? 0) })) map[mapWidth * mapHeight - 1]
const { threshold, scores } = await bottle.calibrate(images, { quantile: 0.95, margin: 1 })
const area: number = metrics.auroc(new Uint8Array(2), scores) + threshold
try { await engine.close() } catch (error) { if (error instanceof AlfaError) { const code: ErrorCode = error.code; code satisfies string } }
export { width, one, own, anomalous, local, normal, abnormal, png, words, total, area }
`;

// Each line alone is an error.
const wrong = [
	"await Engine.open({ devize: 'cpu' })",
	"await Engine.open({ device: 'gpu' })",
	"await (await Engine.open()).category('bottle', { recipe: 'alpha' })",
	"await (await Engine.open()).category('bottle', { scales: '2,3' })",
	"(await (await (await Engine.open()).category('bottle')).detect('a.png')).score = 1",
	"await (await (await Engine.open()).category('bottle')).detect({ data: new Float32Array(3), width: 1, height: 1, channels: 3 })",
];

function compile(
	files: Record<string, string>,
	module: string,
): { errors: string[] } {
	const folder = temporaryFolder();
	mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
	symlinkSync(root, join(folder, "node_modules", "alfa-vad"), "dir");
	symlinkSync(
		join(root, "node_modules", "@types", "node"),
		join(folder, "node_modules", "@types", "node"),
		"dir",
	);
	writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
	for (const [name, text] of Object.entries(files))
		writeFileSync(join(folder, name), text);
	const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
	const { stdout } = spawnSync(
		process.execPath,
		[
			tsc,
			"--noEmit",
			"--strict",
			"--exactOptionalPropertyTypes",
			"--target",
			"es2023",
			"--lib",
			"es2023,esnext.disposable",
			"--types",
			"node",
			"--module",
			module,
			...(module === "esnext" ? ["--moduleResolution", "bundler"] : []),
			...Object.keys(files),
		],
		{ cwd: folder, encoding: "utf8" },
	);
	return {
		errors: stdout.split("\n").filter((line) => line.includes("error TS")),
	};
}

test.each(["nodenext", "esnext"])(
	"a program that follows the documentation compiles (module %s)",
	(module) => {
		expect(compile({ "right.ts": right }, module).errors).toEqual([]);
	},
);

test("a wrong program does not", () => {
	const files = Object.fromEntries(
		wrong.map((line, i) => [
			`wrong${i}.ts`,
			`import { Engine } from 'alfa-vad'\n${line}\n`,
		]),
	);
	const { errors } = compile(files, "nodenext");
	expect(
		wrong.filter(
			(_, i) => !errors.some((line) => line.startsWith(`wrong${i}.ts`)),
		),
	).toEqual([]);
});

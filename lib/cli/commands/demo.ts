// alfa demo: detects anomalies in the package's own images with the package's own model, without network access. Normal
// images determine the threshold; then every test image is classified and compared with its true label.
import { dirname, extname, join } from "node:path";
import type { Command } from "commander";
import type { CategoryOptions } from "../../category/options.js";
import type { Detection } from "../../detection.js";
import { Engine } from "../../engine.js";
import { metrics } from "../../metrics.js";
import { cleanClassName } from "../../prompts/class-name.js";
import { promptList } from "../../prompts/lists.js";
import type { PromptInput } from "../../prompts/prompt-set.js";
import { type RecipeName, recipes } from "../../recipes.js";
import { renderDetectionPage } from "../../report/detection-page.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { makeDirectory } from "../../util/make-directory.js";
import { quantile } from "../../util/quantile.js";
import { type DemoClass, type DemoImage, demoClasses } from "../demo-images.js";
import { mapPeak, positionText } from "../detection-text.js";
import { jsonOption, recipeOption } from "../options.js";
import {
	colour,
	log,
	print,
	printable,
	printJson,
	Table,
} from "../terminal.js";

interface DemoFlags {
	out: string;
	json?: boolean;
	recipe: RecipeName;
}

interface DemoResult extends DemoImage {
	class: string;
	result: Detection;
	/** The overlay and the path of its file. Missing if the recipe has no map. */
	overlay?: { file: string; png: Buffer };
}

export function addDemo(program: Command): void {
	program
		.command("demo")
		.description(
			"detect anomalies in the package's own images with its own model: table, overlays, HTML page; offline",
		)
		.option(
			"--out <folder>",
			"folder for the overlays and the page",
			"alfa-demo",
		)
		.addOption(recipeOption())
		.addOption(jsonOption())
		.action(demo);
}

async function demo({ out, json, recipe }: DemoFlags): Promise<void> {
	const start = performance.now();
	const classes = await demoClasses();
	await using engine = await Engine.open();
	const table = json ? undefined : demoTable();
	table?.printHeader();
	const results: DemoResult[] = [];
	const thresholds: Record<string, number> = {};
	for (const demoClass of classes) {
		const { threshold, detections } = await detectClass(
			engine,
			demoClass,
			recipe,
		);
		thresholds[demoClass.name] = threshold;
		for await (const result of detections) {
			results.push(result);
			table?.printRow(tableCells(result));
		}
	}
	for (const { name } of classes) {
		await writeOverlays(
			results.filter((result) => result.class === name),
			out,
		);
	}
	const quality = measureQuality(results);
	const seconds = (performance.now() - start) / 1000;
	const { deviceName, model } = engine.info;
	const facts = [
		`recipe ${recipe}`,
		deviceName,
		`image AUROC ${quality.auroc.toFixed(3)}`,
	];
	const page = await writePage(results, facts, out);
	if (json) {
		const pictures = results.map(toJson);
		printJson({
			model,
			recipe,
			device: deviceName,
			seconds,
			thresholds,
			...quality,
			pictures,
		});
		return;
	}
	const perClass = Object.entries(quality.perClass).map(
		([name, value]) => `${name} ${value.toFixed(2)}`,
	);
	print(
		`\nImage AUROC: ${perClass.join(", ")}; mean ${quality.auroc.toFixed(3)}. ` +
			`${quality.right} of ${results.length} verdicts right`,
	);
	if (results.some(({ overlay }) => overlay)) {
		print(
			`The overlays are in ${printable(out)}; ${printable(page)} shows all of them`,
		);
	}
	log(
		`${results.length} images, ${deviceName}, ${seconds.toFixed(1)} s in total`,
	);
}

async function detectClass(
	engine: Engine,
	{ name, normal, test }: DemoClass,
	recipe: RecipeName,
): Promise<{ threshold: number; detections: AsyncIterable<DemoResult> }> {
	const { options, calibrationImages } = categoryPlan(recipe, name, normal);
	const category = await engine.category(name, options);
	const { threshold } = await category.calibrate(calibrationImages);
	async function* detections(): AsyncGenerator<DemoResult> {
		let index = 0;
		for await (const result of category.detectMany(
			test.map(({ file }) => file),
		)) {
			yield { ...test[index++]!, class: name, result };
		}
	}
	return { threshold, detections: detections() };
}

/** The options of a category, and the normal images for its threshold. A reference image must not be among these. */
function categoryPlan(
	recipe: RecipeName,
	name: string,
	normal: string[],
): { options: CategoryOptions; calibrationImages: string[] } {
	if (recipe === "alfa") {
		return {
			options: { recipe, prompts: demoPrompts(name) },
			calibrationImages: normal,
		};
	}
	if (recipes[recipe].map !== "references")
		return { options: { recipe }, calibrationImages: normal };
	const references = normal.filter((_, i) => i % 2 === 0);
	const calibrationImages = normal.filter((_, i) => i % 2 === 1);
	return { options: { recipe, references }, calibrationImages };
}

/**
 * The demo model's small text tower was trained with the state words of the templates and not with the full
 * sentences of the library. So the library only provides descriptors, which do not change the score.
 */
function demoPrompts(name: string): PromptInput {
	const className = cleanClassName(name);
	const { normal, abnormal } = promptList("templates", className);
	const { descriptors = [] } = promptList("library", className, name);
	return { normal, abnormal, descriptors };
}

function isAnomalous({ truth }: DemoImage): boolean {
	return truth !== "good";
}

function isWrong(image: DemoResult): boolean {
	return image.result.anomalous !== isAnomalous(image);
}

function demoTable(): Table {
	return new Table([
		{ title: "class", width: 14 },
		{ title: "image", width: 24 },
		{ title: "true label", width: 14 },
		{ title: "score", width: 6, right: true },
		{ title: "decision", width: 11 },
		{ title: "peak", width: 21 },
	]);
}

function tableCells(image: DemoResult): string[] {
	const { score, anomalous } = image.result;
	const decision = anomalous ? "anomalous" : "normal";
	const decisionColour = anomalous ? "red" : "green";
	return [
		image.class,
		image.name,
		image.truth,
		score.toFixed(3),
		isWrong(image)
			? colour("yellow", `${decision} ✗`)
			: colour(decisionColour, decision),
		anomalous ? positionText(mapPeak(image.result)) : "–",
	];
}

/**
 * Writes the overlays of one class. All use the same colour range, from the median of the map values to their
 * maximum, so that they can be compared.
 */
async function writeOverlays(
	results: DemoResult[],
	out: string,
): Promise<void> {
	const withMap = results.filter(({ result }) => result.map.length > 0);
	if (withMap.length === 0) return;
	const sample = withMap.flatMap(({ result }) =>
		Array.from(result.map.filter((_, i) => i % 97 === 0)),
	);
	const low = quantile(sample, 0.5);
	const high = Math.max(
		low + 1e-9,
		...withMap.map(({ result }) => result.localScore ?? 0),
	);
	for (const image of withMap) {
		const stem = image.name.slice(0, -extname(image.name).length);
		const file = join(out, image.class, `${stem}.png`);
		const png = await image.result.toPng({ range: [low, high] });
		await makeDirectory(dirname(file));
		await writeFileAtomic(file, png);
		image.overlay = { file, png };
	}
}

/** Writes index.html with every image, its map and its reasons. Resolves to its path. */
async function writePage(
	results: DemoResult[],
	facts: string[],
	out: string,
): Promise<string> {
	const groups = classNames(results).map((name) => ({
		name,
		entries: results
			.filter((result) => result.class === name)
			.map(({ name: title, truth, overlay, result }) => ({
				title,
				truth,
				result,
				...(overlay && { overlay: overlay.png }),
			})),
	}));
	const page = renderDetectionPage({
		heading: "alfa-vad: the demo model on the demo images",
		facts,
		groups,
	});
	const file = join(out, "index.html");
	await makeDirectory(out);
	await writeFileAtomic(file, page);
	return file;
}

function classNames(results: readonly DemoResult[]): string[] {
	return [...new Set(results.map((result) => result.class))];
}

/** Scores of different classes are not comparable, so the image AUROC is computed per class and averaged. */
function measureQuality(results: DemoResult[]): {
	perClass: Record<string, number>;
	auroc: number;
	right: number;
} {
	const perClass = Object.fromEntries(
		classNames(results).map((name) => {
			const images = results.filter((result) => result.class === name);
			const labels = Uint8Array.from(images, (image) =>
				Number(isAnomalous(image)),
			);
			const scores = Float64Array.from(images, ({ result }) => result.score);
			return [name, metrics.auroc(labels, scores)];
		}),
	);
	const values = Object.values(perClass);
	return {
		perClass,
		auroc: values.reduce((sum, value) => sum + value, 0) / values.length,
		right: results.filter((image) => !isWrong(image)).length,
	};
}

function toJson({
	class: className,
	name,
	truth,
	overlay,
	result,
}: DemoResult) {
	const { score, anomalous, globalScore, localScore, prompts, timings } =
		result;
	return {
		class: className,
		file: name,
		truth,
		score,
		anomalous,
		globalScore,
		localScore,
		peak: mapPeak(result),
		prompts,
		timings,
		overlay: overlay?.file,
	};
}

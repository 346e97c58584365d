// alfa demo: the main job on the package's own model and pictures, offline. A threshold from normal pictures alone,
// then every test picture, its verdict beside the truth.
import { writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import type { CategoryOptions } from "../category/options.js";
import { Engine } from "../engine.js";
import { makeDirectory } from "../util/make-directory.js";
import { metrics } from "../metrics.js";
import { cleanClassName } from "../prompts/class-name.js";
import { promptList } from "../prompts/lists.js";
import type { PromptInput } from "../prompts/prompt-set.js";
import { renderPage } from "../report/page.js";
import { quantile } from "../util/quantile.js";
import { recipes, type RecipeName } from "../recipes.js";
import type { Detection } from "../detection.js";
import { demoClasses, type DemoPicture } from "./demo-images.js";
import { peak, placeText } from "./place.js";
import { colour, note, print, printJson, safe, Table } from "./terminal.js";

export interface DemoFlags {
	out: string;
	json?: boolean;
	recipe: RecipeName;
}

interface Seen extends DemoPicture {
	class: string;
	result: Detection;
	overlay?: string;
	png?: Buffer;
}

export async function demo({ out, json, recipe }: DemoFlags): Promise<void> {
	const start = performance.now();
	const classes = await demoClasses();
	await using engine = await Engine.open();
	const table = new Table([
		{ title: "class", width: 14 },
		{ title: "picture", width: 24 },
		{ title: "truth", width: 14 },
		{ title: "score", width: 6, right: true },
		{ title: "verdict", width: 11 },
		{ title: "where", width: 21 },
	]);
	if (!json) table.header();
	const seen: Seen[] = [];
	const thresholds: Record<string, number> = {};
	for (const { name, normal, test } of classes) {
		const { options, rest } = planOf(recipe, name, normal);
		const category = await engine.category(name, options);
		thresholds[name] = (await category.calibrate(rest)).threshold;
		let index = 0;
		for await (const result of category.detectMany(
			test.map(({ file }) => file),
		)) {
			const picture: Seen = { ...test[index++]!, class: name, result };
			seen.push(picture);
			if (!json) table.row(cells(picture));
		}
	}
	for (const { name } of classes)
		await draw(
			seen.filter((each) => each.class === name),
			out,
		);
	const figures = separation(seen);
	const seconds = (performance.now() - start) / 1000;
	const page = await report(
		seen,
		[
			`recipe ${recipe}`,
			engine.info.deviceName,
			`image AUROC ${figures.auroc.toFixed(3)}`,
		],
		out,
	);
	if (json) {
		return printJson({
			model: engine.info.model,
			recipe,
			device: engine.info.deviceName,
			seconds,
			thresholds,
			...figures,
			pictures: seen.map(plain),
		});
	}
	const { perClass, auroc, right } = figures;
	const each = Object.entries(perClass)
		.map(([name, value]) => `${name} ${value.toFixed(2)}`)
		.join(", ");
	print(
		`\nAnomalous above normal (image AUROC): ${each}; mean ${auroc.toFixed(3)}. ${right} of ${seen.length} verdicts right`,
	);
	if (seen.some(({ overlay }) => overlay))
		print(`Overlays are in ${safe(out)}, all on one page in ${safe(page)}`);
	note(
		`${seen.length} pictures, ${engine.info.deviceName}, ${seconds.toFixed(1)} s in all`,
	);
}

/** How a recipe is run here, and the normal pictures that are left for the threshold: what it was shown counts as known. */
function planOf(
	recipe: RecipeName,
	name: string,
	normal: string[],
): { options: CategoryOptions; rest: string[] } {
	if (recipe === "alfa")
		return { options: { recipe, prompts: demoPrompts(name) }, rest: normal };
	if (recipes[recipe].map !== "references")
		return { options: { recipe }, rest: normal };
	const references = normal.filter((_, i) => i % 2 === 0);
	return {
		options: { recipe, references },
		rest: normal.filter((_, i) => i % 2 === 1),
	};
}

/** The demo model's small text tower was taught the words of states, not the library's full sentences: those only explain. */
function demoPrompts(name: string): PromptInput {
	const { normal, abnormal } = promptList("templates", cleanClassName(name));
	return {
		normal,
		abnormal,
		descriptors:
			promptList("library", cleanClassName(name), name).descriptors ?? [],
	};
}

const wrong = ({ truth, result }: Seen) =>
	result.anomalous !== (truth !== "good");

function cells(seen: Seen): string[] {
	const { score, anomalous } = seen.result;
	const said = `${anomalous ? "anomalous" : "normal"}${wrong(seen) ? " ✗" : ""}`;
	return [
		seen.class,
		seen.name,
		seen.truth,
		score.toFixed(3),
		colour(wrong(seen) ? "yellow" : anomalous ? "red" : "green", said),
		anomalous ? placeText(peak(seen.result)) : "–",
	];
}

/** One range of colours per class, so that its pictures can be compared: from the middle value to the highest. */
async function draw(seen: Seen[], out: string): Promise<void> {
	const mapped = seen.filter(({ result }) => result.map.length > 0);
	if (mapped.length === 0) return;
	const sample = mapped.flatMap(({ result: { map } }) =>
		Array.from(map.filter((_, i) => i % 97 === 0)),
	);
	const low = quantile(sample, 0.5);
	const high = Math.max(
		low + 1e-9,
		...mapped.map(({ result }) => result.localScore ?? 0),
	);
	for (const picture of mapped) {
		picture.overlay = join(
			out,
			picture.class,
			`${picture.name.slice(0, -extname(picture.name).length)}.png`,
		);
		picture.png = await picture.result.toPng({ range: [low, high] });
		await makeDirectory(dirname(picture.overlay));
		await writeFile(picture.overlay, picture.png);
	}
}

/** index.html: every picture with its map and its reasons. */
async function report(
	seen: Seen[],
	facts: string[],
	out: string,
): Promise<string> {
	const names = [...new Set(seen.map((each) => each.class))];
	const page = renderPage({
		heading: "alfa-vad: the demo model on its demo pictures",
		facts,
		groups: names.map((name) => ({
			name,
			entries: seen
				.filter((each) => each.class === name)
				.map(({ name: title, truth, png, result }) => ({
					title,
					truth,
					result,
					...(png && { overlay: png }),
				})),
		})),
	});
	const file = join(out, "index.html");
	await makeDirectory(out);
	await writeFile(file, page);
	return file;
}

/** Image AUROC per class, as scores of different classes are not made to be compared, and the mean over classes. */
function separation(seen: Seen[]) {
	const perClass = Object.fromEntries(
		[...new Set(seen.map((each) => each.class))].map((name) => {
			const own = seen.filter((each) => each.class === name);
			return [
				name,
				metrics.auroc(
					Uint8Array.from(own, ({ truth }) => Number(truth !== "good")),
					Float64Array.from(own, ({ result }) => result.score),
				),
			];
		}),
	);
	const values = Object.values(perClass);
	return {
		perClass,
		auroc: values.reduce((sum, each) => sum + each, 0) / values.length,
		right: seen.filter((each) => !wrong(each)).length,
	};
}

function plain({ class: name, name: file, truth, overlay, result }: Seen) {
	const { score, anomalous, globalScore, localScore, prompts, timings } =
		result;
	return {
		class: name,
		file,
		truth,
		score,
		anomalous,
		globalScore,
		localScore,
		peak: peak(result),
		prompts,
		timings,
		overlay,
	};
}

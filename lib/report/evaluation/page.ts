// The report of `alfa evaluate`: one HTML file with everything in it. MetricValues are plain HTML; charts and pictures are
// drawn by the viewer from JSON in the page. Nothing comes from the network, and every name in it is untrusted.
import { writeFileAtomic } from "../../util/atomic-file.js";
import type { Evaluation, RunInfo } from "../../evaluate/results.js";
import { escapeHtml, jsonForHtml } from "../../util/escape.js";
import {
	categorySection,
	chartSection,
	gallerySection,
} from "./interactive.js";
import { curveBlocks, packer, payloadOf } from "./pack.js";
import type { ChunkImage, ImageRow } from "./payload.js";
import { problems } from "./problems.js";
import { facts, grouped, list, runDetails } from "./run.js";
import { pageScripts, scriptHash } from "./scripts.js";
import { style } from "./style/index.js";
import { summary } from "./summary.js";

export interface PageImage {
	category: string;
	dataset: string;
	id: string;
	kind: string;
	anomalous: boolean;
	/** WebP, about 160 px a side. */
	picture?: Uint8Array;
	/** PNG, white = anomalous. */
	mask?: Uint8Array;
	/** By Variant.id, of the first seed. */
	variants: Record<
		string,
		{
			score: number;
			kept?: [number, number];
			of?: [number, number];
			ambiguous?: boolean;
			/** At most 3, best first. */
			reasons: { text: string; similarity: number }[];
			/** 0 to 255 over the range that this variant's maps have in this category. */
			map?: { width: number; height: number; values: Uint8Array };
		}
	>;
}

export interface EvaluationPage {
	evaluation: Evaluation;
	run: RunInfo;
	images: AsyncIterable<PageImage> | Iterable<PageImage>;
}

const imagesPerChunk = 16;

/** Holds no more than a chunk of images at a time. */
export function writeEvaluationPage(
	file: string,
	page: EvaluationPage,
): Promise<void> {
	return writeFileAtomic(file, parts(page));
}

async function* parts({
	evaluation,
	run,
	images,
}: EvaluationPage): AsyncGenerator<string> {
	const { scripts, uplotStyle } = await pageScripts();
	const names = evaluation.datasets.map(({ name }) => name).join(", ");
	const count = evaluation.datasets
		.flatMap(({ categories }) => categories)
		.reduce((sum, { normal, anomalous }) => sum + normal + anomalous, 0);
	yield `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src ${scripts.map(scriptHash).join(" ")}">
<title>Evaluation: ${escapeHtml(names)}</title><style>${uplotStyle}${style}</style></head>
<body><a class="skip" href="#summary">Skip to the results</a>
<header><h1>Evaluation: <bdi>${escapeHtml(names)}</bdi></h1>
<p class="lead">${evaluation.variants.length === 1 ? "One system" : `${evaluation.variants.length} systems`} of visual anomaly detection on ${grouped(count)} test images.</p>
${list(facts(evaluation, run, count))}
<nav aria-label="Sections"><a href="#summary">Summary</a><a href="#categories">Categories</a><a href="#charts">Curves</a><a href="#images">Images</a><a href="#problems">Problems</a><a href="#run">Run</a></nav></header>
<noscript><p class="caption">Categories, curves and images are drawn by this page’s own script, which is switched off here.</p></noscript>
<main>
${summary(evaluation)}
${categorySection}
${chartSection}
${gallerySection}
${problems(evaluation)}
${runDetails(evaluation, run)}
</main>
${block("data-page", payloadOf(evaluation))}`;
	let number = 0;
	for (const curves of curveBlocks(evaluation))
		yield block(`data-curves-${number++}`, curves);
	yield* imageBlocks(evaluation, images);
	yield `${scripts.map((script) => `<script>${script}</script>`).join("\n")}\n</body></html>\n`;
}

async function* imageBlocks(
	evaluation: Evaluation,
	images: EvaluationPage["images"],
): AsyncGenerator<string> {
	const pack = packer(evaluation, imagesPerChunk);
	const rows: ImageRow[] = [];
	let chunk: ChunkImage[] = [];
	for await (const image of images) {
		const { row, entry } = pack(image);
		rows.push(row);
		chunk.push(entry);
		if (chunk.length < imagesPerChunk) continue;
		yield block(`data-chunk-${row.chunk}`, chunk);
		chunk = [];
	}
	if (chunk.length > 0) yield block(`data-chunk-${rows.at(-1)!.chunk}`, chunk);
	yield block("data-images", rows);
}

function block(id: string, value: unknown): string {
	return `<script type="application/json" id="${id}">${jsonForHtml(value)}</script>\n`;
}

// The report page of `alfa evaluate`: one self-contained HTML file. Tables are plain HTML; the viewer draws
// the charts and the images from JSON in the page. The page loads nothing from the network, and every name in
// it is untrusted.

import { writeFileAtomic } from "../../util/atomic-file.js";
import { escapeHtml, jsonForHtml } from "../../util/escape.js";
import {
	categorySection,
	chartSection,
	gallerySection,
} from "./interactive-sections.js";
import { imagePacker, packCurves, packPage } from "./pack.js";
import type { PageImage } from "./page-image.js";
import { loadPageScripts, scriptHash } from "./page-scripts.js";
import type { ChunkImage, ImageRow } from "./payload.js";
import { problemsSection } from "./problems.js";
import type { Evaluation, RunInfo } from "./results.js";
import { factList, groupDigits, runFacts, runSection } from "./run-details.js";
import { style } from "./style/index.js";
import { summarySection } from "./summary.js";

export interface EvaluationPage {
	evaluation: Evaluation;
	run: RunInfo;
	images: AsyncIterable<PageImage> | Iterable<PageImage>;
}

const imagesPerChunk = 16;

/** Writes the page as a stream: at most one chunk of images is in memory. */
export function writeEvaluationPage(
	file: string,
	page: EvaluationPage,
): Promise<void> {
	return writeFileAtomic(file, renderParts(page));
}

async function* renderParts({
	evaluation,
	run,
	images,
}: EvaluationPage): AsyncGenerator<string> {
	const { scripts, chartStyle } = await loadPageScripts();
	yield renderHead(evaluation, scripts, chartStyle);
	yield renderBody(evaluation, run);
	yield jsonElement("data-page", packPage(evaluation));
	let number = 0;
	for (const curves of packCurves(evaluation))
		yield jsonElement(`data-curves-${number++}`, curves);
	yield* renderImages(evaluation, images);
	const elements = scripts.map((script) => `<script>${script}</script>`);
	yield `${elements.join("\n")}\n</body></html>\n`;
}

function datasetNames({ datasets }: Evaluation): string {
	return escapeHtml(datasets.map(({ name }) => name).join(", "));
}

function renderHead(
	evaluation: Evaluation,
	scripts: readonly string[],
	chartStyle: string,
): string {
	const policy = [
		"default-src 'none'",
		"img-src data: blob:",
		"style-src 'unsafe-inline'",
		`script-src ${scripts.map(scriptHash).join(" ")}`,
	].join("; ");
	return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Evaluation: ${datasetNames(evaluation)}</title><style>${chartStyle}${style}</style></head>
`;
}

function renderBody(evaluation: Evaluation, run: RunInfo): string {
	const imageCount = evaluation.datasets
		.flatMap(({ categories }) => categories)
		.reduce((sum, { normal, anomalous }) => sum + normal + anomalous, 0);
	const variantCount = evaluation.variants.length;
	const systems = variantCount === 1 ? "One system" : `${variantCount} systems`;
	return `<body><a class="skip" href="#summary">Skip to the results</a>
<header><h1>Evaluation: <bdi>${datasetNames(evaluation)}</bdi></h1>
<p class="lead">${systems} for visual anomaly detection on ${groupDigits(imageCount)} test images.</p>
${factList(runFacts(evaluation, run, imageCount))}
<nav aria-label="Sections">
<a href="#summary">Summary</a><a href="#categories">Categories</a><a href="#charts">Curves</a>
<a href="#images">Images</a><a href="#problems">Problems</a><a href="#run">Run</a>
</nav></header>
<noscript>
<p class="caption">A script of this page draws the categories, curves and images. Scripts are disabled.</p>
</noscript>
<main>
${summarySection(evaluation)}
${categorySection}
${chartSection}
${gallerySection}
${problemsSection(evaluation)}
${runSection(evaluation, run)}
</main>
`;
}

async function* renderImages(
	evaluation: Evaluation,
	images: EvaluationPage["images"],
): AsyncGenerator<string> {
	const pack = imagePacker(evaluation, imagesPerChunk);
	const rows: ImageRow[] = [];
	let chunk: ChunkImage[] = [];
	for await (const image of images) {
		const { row, content } = pack(image);
		rows.push(row);
		chunk.push(content);
		if (chunk.length < imagesPerChunk) continue;
		yield jsonElement(`data-chunk-${row.chunk}`, chunk);
		chunk = [];
	}
	if (chunk.length > 0)
		yield jsonElement(`data-chunk-${rows.at(-1)!.chunk}`, chunk);
	yield jsonElement("data-images", rows);
}

/** Browsers do not execute this type of script. */
function jsonElement(id: string, value: unknown): string {
	return `<script type="application/json" id="${id}">${jsonForHtml(value)}</script>\n`;
}

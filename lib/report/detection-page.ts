// One self-contained HTML page of detections: images as data URLs, reasons as bars, no script, no network
// access. All text (class names, file names, prompts) is untrusted and is escaped.

import { type Reason, relativeSimilarity } from "../detection/reasons.js";
import type { Region } from "../detection/regions.js";
import type { Detection, JudgedPrompt } from "../detection.js";
import { escapeHtml } from "../util/escape.js";
import { style } from "./detection-page-style.js";

export interface PageEntry {
	title: string;
	/** The overlay as a PNG. */
	overlay?: Uint8Array;
	/** The true label, such as 'good', if it is known. */
	truth?: string;
	result: Detection;
}

export interface DetectionPage {
	heading: string;
	facts: readonly string[];
	groups: readonly { name: string; entries: readonly PageEntry[] }[];
}

/** The number of reasons and regions per image. */
const maxListed = 5;

export function renderDetectionPage({
	heading,
	facts,
	groups,
}: DetectionPage): string {
	const sections = groups.map(
		({ name, entries }) =>
			`<section><h2>${escapeHtml(name)}</h2><div class="cards">${entries.map(card).join("\n")}</div></section>`,
	);
	const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
	return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(heading)}</title><style>${style}</style></head>
<body><header><h1>${escapeHtml(heading)}</h1><p>${facts.map(escapeHtml).join(" · ")}</p></header>
${sections.join("\n")}
</body></html>
`;
}

function card({ title, overlay, truth, result }: PageEntry): string {
	const { anomalous, reasons, regions } = result;
	return `<article class="${decisionText(anomalous)}">
${overlay ? overlayImage(title, overlay) : ""}
<h3>${escapeHtml(title)}</h3>
${scoreLine(result, truth)}
${reasonBars(reasons)}
${regionList(regions)}
${promptSummary(result)}
</article>`;
}

function decisionText(anomalous: boolean | undefined): string {
	if (anomalous === undefined) return "";
	return anomalous ? "anomalous" : "normal";
}

function overlayImage(title: string, overlay: Uint8Array): string {
	const data = Buffer.from(overlay).toString("base64");
	return `<img alt="anomaly map over ${escapeHtml(title)}" loading="lazy" src="data:image/png;base64,${data}">`;
}

function scoreLine(
	{ score, anomalous }: Detection,
	truth: string | undefined,
): string {
	const isWrong =
		truth !== undefined &&
		anomalous !== undefined &&
		anomalous !== (truth !== "good");
	const truthText =
		truth === undefined ? "" : `, true label: ${escapeHtml(truth)}`;
	const mark = isWrong ? " <em>wrong</em>" : "";
	return `<p class="score"><strong>${score.toFixed(3)}</strong> ${decisionText(anomalous)}${truthText}${mark}</p>`;
}

function reasonBars(reasons: readonly Reason[]): string {
	const bars = reasons.slice(0, maxListed).map(({ text, similarity }) => {
		const width = Math.round(100 * relativeSimilarity(reasons, similarity));
		const label = `<span>${escapeHtml(text)}</span><b>${similarity.toFixed(3)}</b>`;
		return `<div class="bar" style="--width:${width}%">${label}</div>`;
	});
	return bars.join("\n");
}

function regionList(regions: readonly Region[]): string {
	if (regions.length === 0) return "";
	return `<ol>${regions.slice(0, maxListed).map(regionItem).join("")}</ol>`;
}

function regionItem({ box, peak, reason }: Region): string {
	const size = `${box.width} × ${box.height} at (${box.left}, ${box.top})`;
	return `<li>${size}, peak ${peak.toFixed(3)}${reason ? `: ${escapeHtml(reason)}` : ""}</li>`;
}

function promptSummary(result: Detection): string {
	const { kept, of } = result.prompts;
	if (of[0] === 0) return "";
	const prompts = result
		.judgedPrompts()
		.sort((a, b) => b.similarity - a.similarity);
	return `<p class="small">prompts kept: ${kept[0]} of ${of[0]} normal, ${kept[1]} of ${of[1]} abnormal</p>
<details><summary>all prompts</summary><ul>${prompts.map(promptItem).join("")}</ul></details>`;
}

function promptItem({ text, label, similarity, kept }: JudgedPrompt): string {
	return `<li class="${kept ? "kept" : "dropped"}">${similarity.toFixed(3)} ${label}: ${escapeHtml(text)}</li>`;
}

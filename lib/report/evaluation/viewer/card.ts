// One image as a card. Text is there at once; the image, its overlays and its reasons are added when it
// scrolls into view.
import type { ChunkImage, ChunkResult, ImageRow } from "../payload.js";
import { categoryOf, imageOf, page, thresholdOf } from "./data.js";
import {
	createElement,
	isolatedText,
	isPressed,
	pathText,
	setPressed,
} from "./dom.js";
import { paintMap, paintOutline } from "./overlays.js";
import { type Outcome, outcomeOf, type Rank } from "./ranking.js";

/** Which overlays are visible. */
export interface Overlays {
	mask: boolean;
	map: boolean;
}

export interface Card {
	element: HTMLElement;
	/** Adds the image, its overlays and its reasons. */
	fill: () => void;
	setOverlays: (overlays: Overlays) => void;
}

const outcomeText: Record<Outcome, string> = {
	right: "correct",
	missed: "missed",
	alarm: "false alarm",
};

export function makeCard(
	row: ImageRow,
	system: number,
	rank: Rank | null,
	overlays: Overlays,
): Card {
	const frame = createElement("div", { class: "frame" });
	const more = createElement("div", { class: "more" });
	const maskButton = overlayButton("Mask", row.id, overlays.mask);
	const mapButton = overlayButton("Map", row.id, overlays.map);
	const element = createElement(
		"article",
		{ class: outcomeOf(row, system) ?? "unknown" },
		createElement("div", { class: "image" }, frame),
		createElement("div", { class: "toggles" }, maskButton, mapButton),
		scoreLine(row, system),
		nameLines(row),
		rankLine(row, rank),
		more,
	);
	let image: ChunkImage | undefined;
	const draw = () => {
		if (image)
			drawOverlays(frame, image, system, {
				mask: isPressed(maskButton),
				map: isPressed(mapButton),
			});
	};
	for (const button of [maskButton, mapButton]) {
		button.addEventListener("click", () => {
			setPressed(button, !isPressed(button));
			draw();
		});
	}
	return {
		element,
		fill() {
			if (image) return;
			image = imageOf(row);
			const result = image.results[system] ?? null;
			maskButton.disabled = !image.mask;
			mapButton.disabled = !result?.map;
			if (result)
				more.replaceChildren(...promptLines(result), ...reasonBars(result));
			showImage(frame, image, row, draw);
		},
		setOverlays({ mask, map }) {
			setPressed(maskButton, mask);
			setPressed(mapButton, map);
			draw();
		},
	};
}

function overlayButton(
	label: string,
	image: string,
	pressed: boolean,
): HTMLButtonElement {
	const attributes = {
		type: "button",
		"aria-pressed": String(pressed),
		"aria-label": `${label} of ${image}`,
	};
	return createElement("button", attributes, label);
}

function scoreLine(row: ImageRow, system: number): HTMLElement {
	const score = row.scores[system] ?? null;
	const outcome = (text: string) =>
		createElement("span", { class: "outcome" }, text);
	if (score === null) {
		return createElement(
			"p",
			{ class: "score" },
			createElement("b", {}, "–"),
			outcome("not scored by this system"),
		);
	}
	const value = createElement("b", {}, score.toFixed(3));
	const threshold = thresholdOf(row, system);
	const result = outcomeOf(row, system);
	if (threshold === null || result === null) {
		return createElement(
			"p",
			{ class: "score" },
			value,
			outcome("no threshold"),
		);
	}
	const comparison = createElement(
		"span",
		{ class: "threshold", title: "threshold of the best F1 in its category" },
		`${score >= threshold ? "≥" : "<"} ${threshold.toFixed(3)}`,
	);
	return createElement(
		"p",
		{ class: "score" },
		value,
		comparison,
		outcome(outcomeText[result]),
	);
}

function nameLines(row: ImageRow): HTMLElement {
	const kind = row.anomalous
		? [createElement("span", {}, "defective: "), isolatedText(row.kind)]
		: [createElement("span", {}, "good")];
	return createElement(
		"div",
		{ class: "names" },
		createElement("h3", { title: row.id }, pathText(row.id)),
		createElement("p", {}, isolatedText(categoryOf(row).name), " · ", ...kind),
	);
}

function rankLine(row: ImageRow, rank: Rank | null): HTMLElement {
	if (!rank || rank.passed === 0) return createElement("p", { class: "rank" });
	const text = row.anomalous
		? `${rank.passed} of ${rank.others} good images score higher`
		: `${rank.passed} of ${rank.others} defective images score lower`;
	return createElement("p", { class: "rank" }, text);
}

function promptLines({ kept, of, ambiguous }: ChunkResult): HTMLElement[] {
	if (!kept || !of || of[0] + of[1] === 0) return [];
	const text = `prompts kept: ${kept[0]}/${of[0]} normal, ${kept[1]}/${of[1]} abnormal`;
	if (!ambiguous) return [createElement("p", {}, text)];
	const title =
		"On one side no prompt was kept, so all prompts of that side count.";
	return [
		createElement(
			"p",
			{},
			text,
			" ",
			createElement("em", { title }, "ambiguous"),
		),
	];
}

function reasonBars({ reasons }: ChunkResult): HTMLElement[] {
	const high = reasons[0]?.similarity ?? 0;
	const low = reasons.at(-1)?.similarity ?? 0;
	return reasons.map(({ text, similarity }) => {
		const bar = createElement(
			"div",
			{ class: "bar", title: text },
			isolatedText(text),
			createElement("span", {}, similarity.toFixed(3)),
		);
		const share =
			high > low
				? Math.round(30 + (70 * (similarity - low)) / (high - low))
				: 100;
		bar.style.setProperty("--share", `${share}%`);
		return bar;
	});
}

function showImage(
	frame: HTMLElement,
	image: ChunkImage,
	row: ImageRow,
	onLoad: () => void,
): void {
	if (!image.thumbnail) {
		frame.replaceChildren(createElement("p", { class: "empty" }, "no image"));
		return;
	}
	const element = createElement("img", { alt: row.id, draggable: "false" });
	element.addEventListener("load", () => {
		frame.style.setProperty(
			"--aspect",
			String(element.naturalWidth / element.naturalHeight),
		);
		onLoad();
	});
	element.src = `data:image/webp;base64,${image.thumbnail}`;
	frame.replaceChildren(element);
}

function drawOverlays(
	frame: HTMLElement,
	image: ChunkImage,
	system: number,
	overlays: Overlays,
): void {
	const element = frame.querySelector("img");
	if (!element?.naturalWidth) return;
	const aspect = element.naturalWidth / element.naturalHeight;
	const { mask } = image;
	const map = image.results[system]?.map;
	const { crop } = page.variants[system]!;
	if (map) {
		showLayer(frame, "map", overlays.map, (canvas) => {
			if (crop) canvas.classList.add(aspect < 1 ? "tall" : "flat");
			paintMap(canvas, map, crop ? 1 : aspect);
		});
	}
	if (mask) {
		showLayer(frame, "outline", overlays.mask, (canvas) => {
			paintOutline(canvas, mask).catch(() => canvas.remove());
		});
	}
}

/** Shows or hides a canvas over the image. It is created and painted when it is shown for the first time. */
function showLayer(
	frame: HTMLElement,
	className: string,
	visible: boolean,
	paint: (canvas: HTMLCanvasElement) => void,
): void {
	const canvas = frame.querySelector<HTMLCanvasElement>(`canvas.${className}`);
	if (canvas) {
		canvas.hidden = !visible;
	} else if (visible) {
		const added = createElement("canvas", {
			class: className,
			"aria-hidden": "true",
		});
		frame.append(added);
		paint(added);
	}
}

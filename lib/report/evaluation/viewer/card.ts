// One image. What is in its row is there at once; picture, overlays and reasons come when it is in view.

interface Card {
	element: HTMLElement;
	fill: () => void;
	overlays: (mask: boolean, heat: boolean) => void;
}

const verdictText = {
	right: "right",
	missed: "missed",
	alarm: "false alarm",
} as const;

function makeCard(
	row: ImageRow,
	system: number,
	rank: Rank | null,
	shown: { mask: boolean; heat: boolean },
): Card {
	const frame = make("div", { class: "frame" });
	const picture = make("div", { class: "picture" }, frame);
	const more = make("div", { class: "more" });
	const mask = toggle("Mask", row.id, shown.mask),
		heat = toggle("Heat", row.id, shown.heat);
	const element = make(
		"article",
		{ class: verdictOf(row, system) ?? "unknown" },
		picture,
		make("div", { class: "over" }, mask, heat),
		scoreLine(row, system),
		nameLines(row),
		rankLine(row, rank),
		more,
	);
	let image: ChunkImage | undefined;
	const draw = () => {
		if (image) drawOverlays(frame, image, system, pressed(mask), pressed(heat));
	};
	for (const button of [mask, heat])
		button.addEventListener("click", () => {
			pressed(button, !pressed(button));
			draw();
		});
	return {
		element,
		fill() {
			if (image) return;
			image = imageOf(row);
			const found = image.found[system] ?? null;
			mask.disabled = !image.mask;
			heat.disabled = !found?.map;
			more.replaceChildren(
				...(found ? [...promptLines(found), ...reasonBars(found)] : []),
			);
			showPicture(frame, image, row, draw);
		},
		overlays(showMask, showHeat) {
			pressed(mask, showMask);
			pressed(heat, showHeat);
			draw();
		},
	};
}

function toggle(label: string, of: string, on: boolean): HTMLButtonElement {
	return make(
		"button",
		{
			type: "button",
			"aria-pressed": String(on),
			"aria-label": `${label} of ${of}`,
		},
		label,
	);
}

function scoreLine(row: ImageRow, system: number): HTMLElement {
	const score = row.scores[system] ?? null,
		threshold = thresholdOf(row, system),
		verdict = verdictOf(row, system);
	if (score === null)
		return make(
			"p",
			{ class: "score" },
			make("b", {}, "–"),
			make("span", { class: "verdict" }, "not scored by this system"),
		);
	return make(
		"p",
		{ class: "score" },
		make("b", {}, score.toFixed(3)),
		...(threshold === null
			? []
			: [
					make(
						"span",
						{ class: "cut", title: "threshold of the best F1 in its category" },
						`${score >= threshold ? "≥" : "<"} ${threshold.toFixed(3)}`,
					),
				]),
		make(
			"span",
			{ class: "verdict" },
			verdict === null ? "no threshold" : verdictText[verdict],
		),
	);
}

function nameLines(row: ImageRow): HTMLElement {
	const kind = row.anomalous
		? [make("span", {}, "defective: "), bdi(row.kind)]
		: [make("span", {}, "good")];
	return make(
		"div",
		{ class: "names" },
		make("h3", { title: row.id }, path(row.id)),
		make("p", {}, bdi(categoryOf(row).name), " · ", ...kind),
	);
}

function rankLine(row: ImageRow, rank: Rank | null): HTMLElement {
	if (!rank || rank.passed === 0) return make("p", { class: "rank" });
	return make(
		"p",
		{ class: "rank" },
		row.anomalous
			? `${rank.passed} of ${rank.others} good score higher`
			: `${rank.passed} of ${rank.others} defective score lower`,
	);
}

function promptLines({ kept, of, ambiguous }: Found): HTMLElement[] {
	if (!kept || !of || of[0] + of[1] === 0) return [];
	return [
		make(
			"p",
			{},
			`prompts kept: ${kept[0]}/${of[0]} normal, ${kept[1]}/${of[1]} abnormal`,
			...(ambiguous
				? [
						" ",
						make(
							"em",
							{
								title:
									"The two sides cover each other: one kept none and counts whole.",
							},
							"ambiguous",
						),
					]
				: []),
		),
	];
}

function reasonBars({ reasons }: Found): HTMLElement[] {
	const top = reasons[0]?.similarity ?? 0,
		low = reasons.at(-1)?.similarity ?? 0;
	return reasons.map(({ text, similarity }) => {
		const bar = make(
			"div",
			{ class: "bar", title: text },
			bdi(text),
			make("span", {}, similarity.toFixed(3)),
		);
		bar.style.setProperty(
			"--share",
			`${top > low ? Math.round(30 + (70 * (similarity - low)) / (top - low)) : 100}%`,
		);
		return bar;
	});
}

function showPicture(
	frame: HTMLElement,
	image: ChunkImage,
	row: ImageRow,
	then: () => void,
): void {
	if (!image.picture) {
		frame.replaceChildren(make("p", { class: "empty" }, "no picture"));
		return;
	}
	const picture = make("img", { alt: row.id, draggable: "false" });
	picture.addEventListener("load", () => {
		frame.style.setProperty(
			"--aspect",
			String(picture.naturalWidth / picture.naturalHeight),
		);
		then();
	});
	picture.src = `data:image/webp;base64,${image.picture}`;
	frame.replaceChildren(picture);
}

function drawOverlays(
	frame: HTMLElement,
	image: ChunkImage,
	system: number,
	showMask: boolean,
	showHeat: boolean,
): void {
	const picture = frame.querySelector("img");
	if (!picture?.naturalWidth) return;
	const aspect = picture.naturalWidth / picture.naturalHeight;
	const map = image.found[system]?.map;
	const crop = page.variants[system]!.crop;
	layer(frame, "heat", showHeat && map !== undefined, (canvas) => {
		if (crop) canvas.classList.add(aspect < 1 ? "tall" : "flat");
		paintHeat(canvas, map!, crop ? 1 : aspect);
	});
	layer(
		frame,
		"outline",
		showMask && image.mask !== undefined,
		(canvas) =>
			void paintOutline(canvas, image.mask!).catch(() => canvas.remove()),
	);
}

/** Drawn when it is first shown. */
function layer(
	frame: HTMLElement,
	name: string,
	show: boolean,
	paint: (canvas: HTMLCanvasElement) => void,
): void {
	const canvas = frame.querySelector<HTMLCanvasElement>(`canvas.${name}`);
	if (canvas) canvas.hidden = !show;
	else if (show) {
		const made = make("canvas", { class: name, "aria-hidden": "true" });
		frame.append(made);
		paint(made);
	}
}

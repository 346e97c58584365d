// detectMany decodes the images of two batches while one forward runs, and no more. The test replaces the addon's
// `detect`, because the public API does not show when an image has been decoded.
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { loadAddon } from "../dist/native/addon.js";
import { scene } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const maxBatch = 2;
const inFlight = 2 * maxBatch;
const firstWidth = 50; // image i has the width 50 + i

const encode = (width: number) =>
	sharp(scene(width, 48, 9), { raw: { width, height: 48, channels: 3 } })
		.jpeg()
		.toBuffer();

test("two batches are decoded while the first forward runs", async () => {
	const jpegs = await Promise.all(
		Array.from({ length: 12 }, (_, i) => encode(firstWidth + i)),
	);
	await using engine = await Engine.open({ model: tinyModel, maxBatch });
	const category = await engine.category("widget", {
		prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
	});
	const events: string[] = [];
	async function* source() {
		for (const [i, jpeg] of jpegs.entries()) {
			events.push(`taken ${i}`);
			yield jpeg;
		}
	}

	const addon = loadAddon();
	const { detect } = addon;
	let resolveAllDecoded = () => {};
	const allDecoded = new Promise<void>((resolve) => {
		resolveAllDecoded = resolve;
	});
	let decoded = 0;
	// The first detection does not run before all images in flight have been decoded.
	addon.detect = async (...args) => {
		const index = args[2].width - firstWidth;
		events.push(`decoded ${index}`);
		decoded++;
		if (decoded === inFlight) resolveAllDecoded();
		if (index === 0) {
			await allDecoded;
			await sleep(50); // time to decode a fifth image, if there were no limit
			events.push("forward");
		}
		return detect(...args);
	};
	try {
		for await (const _ of category.detectMany(source())) events.push("result");
	} finally {
		addon.detect = detect;
	}

	const beforeForward = events.slice(0, events.indexOf("forward"));
	for (const kind of ["taken", "decoded"]) {
		const found = beforeForward
			.filter((event) => event.startsWith(kind))
			.sort();
		expect(found).toEqual(
			Array.from({ length: inFlight }, (_, i) => `${kind} ${i}`),
		);
	}
	expect(events.filter((event) => event === "result")).toHaveLength(12);
});

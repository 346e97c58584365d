// The resize gives exactly Pillow's bytes. Only the addon shows resized pixels.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { loadImage } from "../dist/images/input.js";
import { loadAddon, type NativeImage } from "../dist/native/addon.js";
import { defaultReading } from "../dist/options/reading.js";
import { decodeArray, readJson, type StoredArray } from "./support/expected.js";
import { type Generator, generate } from "./support/images.js";
import { fixture, sharedData } from "./support/paths.js";

interface StoredImage {
	width: number;
	height: number;
	sha256: string;
	/** The pixels of small images. */
	full?: StoredArray;
}

interface Case {
	fit: "squash" | "crop";
	input: StoredImage & { generator?: Generator; seed?: number; file?: string };
	output: StoredImage;
}

const cases: Record<"squash" | "crop" | "photographs", Case[]> = readJson(
	fixture("resize.json"),
);

/** The cases with their titles. */
function titled(cases: Case[]): [string, Case][] {
	return cases.map((reference) => {
		const { fit, input, output } = reference;
		const from = `${input.generator ?? input.file} ${input.width} x ${input.height}`;
		return [`${fit}: ${from} to ${output.width} x ${output.height}`, reference];
	});
}

function sha256(bytes: Uint8Array): string {
	return createHash("sha256").update(bytes).digest("hex");
}

function expectResized(image: NativeImage, { fit, input, output }: Case): void {
	expect(
		sha256(image.data),
		"the input differs from the reference's input",
	).toBe(input.sha256);
	const resized = loadAddon().resize(image, output.width, output.height, fit);
	if (output.full) expect([...resized]).toEqual([...decodeArray(output.full)]);
	expect(sha256(resized)).toBe(output.sha256);
}

test.each(titled([...cases.squash, ...cases.crop]))("%s", (_, reference) => {
	const { generator, seed, width, height } = reference.input;
	const data = generate(generator!, width, height, seed ?? 0);
	expectResized({ data, width, height, channels: 3 }, reference);
});

test.for(titled(cases.photographs))("%s", async ([, reference], { skip }) => {
	expectResized(
		(await loadImage(sharedData(reference.input.file!, skip), defaultReading))
			.pixels,
		reference,
	);
});

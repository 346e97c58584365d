// The resize gives Pillow's bytes, every one.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { loadAddon, type NativeImage } from "../dist/native/addon.js";
import { loadImage } from "../dist/images/decode.js";
import { numbers, readJson, type StoredArray } from "./support/expected.js";
import { fixture, sharedData } from "./support/paths.js";
import { generate, type Generator } from "./support/images.js";

interface Stored {
	width: number;
	height: number;
	sha256: string;
	full?: StoredArray;
}
interface Case {
	fit: "squash" | "crop";
	input: Stored & { generator?: Generator; seed?: number; file?: string };
	output: Stored;
}

const cases: Record<"squash" | "crop" | "photographs", Case[]> = readJson(
	fixture("resize.json"),
);
const sha256 = (bytes: Uint8Array) =>
	createHash("sha256").update(bytes).digest("hex");
const named = (list: Case[]) =>
	list.map(
		(each) =>
			[
				`${each.input.generator ?? each.input.file} ${each.input.width} x ${each.input.height} -> ${each.output.width} x ${each.output.height}`,
				each,
			] as const,
	);

function check(image: NativeImage, { fit, input, output }: Case): void {
	expect(sha256(image.data), "the input is not the reference").toBe(
		input.sha256,
	);
	const found = loadAddon().resize(image, output.width, output.height, fit);
	if (output.full)
		expect(
			Buffer.from(found).equals(
				Buffer.from(numbers(output.full) as Uint8Array),
			),
		).toBe(true);
	expect(sha256(found)).toBe(output.sha256);
}

describe.each(["squash", "crop"] as const)("%s", (group) => {
	test.each(named(cases[group]))("%s", (_, each) => {
		const { generator, seed, width, height } = each.input;
		check(
			{
				data: generate(generator!, width, height, seed ?? 0),
				width,
				height,
				channels: 3,
			},
			each,
		);
	});
});

describe("photographs, decoded by the library", () => {
	test.for(named(cases.photographs))("%s", async ([, each], { skip }) => {
		check(await loadImage(sharedData(each.input.file!, skip)), each);
	});
});

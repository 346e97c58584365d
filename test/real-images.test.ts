// A few normal photographs and ViT-Tiny's real weights, on leather and hazelnuts: the figures that docs/method.md states.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Engine, evaluate, type SystemOptions } from "../dist/index.js";
import { root, sharedData } from "./support/paths.js";

const systems = JSON.parse(
	readFileSync(join(root, "tools", "few-shot", "systems.json"), "utf8"),
) as SystemOptions[];

test.for(["leather", "hazelnut"])(
	"%s, four references, two draws",
	async (name, { skip }) => {
		const model = sharedData("vit-tiny", skip),
			pictures = sharedData(name, skip);
		await using engine = await Engine.open({ model });
		const found = await evaluate(engine, pictures, {
			systems: systems.filter(({ title }) => title !== "musc"),
			shots: [4],
			seeds: 2,
			resolution: 256,
		});
		const { mean, problems } = found.datasets[0]!;
		for (const { id } of found.variants) {
			expect(mean[id]!.imageAuroc.mean, id).toBeGreaterThanOrEqual(0.995);
			expect(mean[id]!.pixelAuroc.mean, id).toBeGreaterThan(0.975);
			expect(mean[id]!.pro.mean, id).toBeGreaterThan(0.85);
		}
		expect(mean["plain bank, block 6 4-shot"]!.pixelAuroc.mean).toBeGreaterThan(
			0.985,
		);
		expect(problems).toEqual([]);
	},
);

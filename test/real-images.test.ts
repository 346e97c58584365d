// Few-shot detection with real weights (ViT-Tiny) on real photographs: the metrics that docs/method.md states.
import { join } from "node:path";
import { expect, test } from "vitest";
import { Engine, evaluate, type SystemOptions } from "../dist/index.js";
import { readJson } from "./support/expected.js";
import { root, sharedData } from "./support/paths.js";

const systems: SystemOptions[] = readJson(
	join(root, "tools", "few-shot", "systems.json"),
);

test.for(["leather", "hazelnut"])(
	"%s: four references, two seeds",
	async (name, { skip }) => {
		const model = sharedData("vit-tiny", skip);
		const images = sharedData(name, skip);
		await using engine = await Engine.open({ model });
		const result = await evaluate(engine, images, {
			systems: systems.filter(({ title }) => title !== "musc"),
			shots: [4],
			seeds: 2,
			resolution: 256,
		});
		const { mean, problems } = result.datasets[0]!;
		for (const { id } of result.variants) {
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

// The engine leaves the event loop free. The tests measure the longest gap between two turns of the loop, in a process
// of its own. On Linux, the time in which the loop's thread waited for a processor is subtracted, because it is not the
// package's. On a busy machine, the best of three attempts counts.
import { expect, test } from "vitest";
import { runScript } from "./support/child.js";
import { builtPackage } from "./support/paths.js";

const longestAllowedGap = 20; // ms
const measurement = new URL("../dist/bench/event-loop.js", import.meta.url)
	.href;

const preparation = `
	const { longestGap } = await import(${JSON.stringify(measurement)})
	const { metrics } = await import(${JSON.stringify(builtPackage)})
	const engine = await Engine.open({ model, threads: 1 })
	const category = await engine.category('widget', { prompts })
	const fullSize = await engine.category('widget', { prompts, resolution: 'image' })
	const large = {
		data: new Uint8Array(1200 * 1000 * 3).map((_, i) => i >> 7), width: 1200, height: 1000, channels: 3,
	}
	const result = await fullSize.detect(large)
	const maps = new Float32Array(8 << 20).map((_, i) => Math.imul(i, 2654435761))
	const masks = new Uint8Array(8 << 20).map((_, i) => i % 999 < 40 ? 1 : 0)
	let categories = 0
`;

test.each([
	[
		"twenty detections",
		"for await (const _ of category.detectMany(Array(20).fill(image))) {}",
	],
	[
		"detections of large images",
		"for await (const _ of category.detectMany(Array(4).fill(large))) {}",
	],
	[
		"large maps",
		"for await (const _ of fullSize.detectMany(Array(4).fill(large))) {}",
	],
	[
		"overlays, heatmaps and masks",
		"for (const kind of ['overlay', 'heatmap', 'mask']) await result.toPng({ kind, threshold: 0.5 })",
	],
	[
		"a category with new prompts",
		"await engine.category('thing ' + 'abc'[categories++])",
	],
	[
		"metrics of large maps",
		"await metrics.async.pixel(maps, masks, { width: 1024, height: 1024, curves: true })",
	],
	["metrics of many scores", "await metrics.async.image(masks, maps)"],
	[
		"opening and closing",
		"await (await Engine.open({ model, threads: 1 })).close()",
	],
])("%s: no gap of 20 ms", async (_, work) => {
	let gap = Infinity;
	for (let attempt = 0; attempt < 3 && gap >= longestAllowedGap; attempt++) {
		// The first run is not measured: it loads code and touches memory for the first time.
		const result = await runScript(`
			${preparation}
			const work = async () => { ${work} }
			await work()
			console.log(Math.min(await longestGap(work), await longestGap(work)))
		`);
		expect(result).toMatchObject({ code: 0, stderr: "", timedOut: false });
		gap = Math.min(gap, Number(result.stdout));
	}
	expect(gap, "ms").toBeLessThan(longestAllowedGap);
});

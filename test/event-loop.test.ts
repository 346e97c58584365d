// The event loop stays free while the engine works: measured as the longest gap between two turns of the loop, in a
// process of its own. Where the system tells how long the loop's thread waited for a processor (Linux), that time is no
// fault of ours and is taken off; a busy machine gets three tries, the best counts.
import { expect, test } from "vitest";
import { script } from "./support/child.js";
import { builtPackage } from "./support/paths.js";

const measure = new URL("../dist/bench/event-loop.js", import.meta.url).href;
const gaps = `
  const { longestGap } = await import(${JSON.stringify(measure)})
`;

test.each([
	[
		"twenty detections",
		"for await (const r of widget.detectMany(Array(20).fill(image))) r.score",
	],
	[
		"detections on large pictures",
		"for await (const r of widget.detectMany(Array(4).fill(large))) r.score",
	],
	[
		"maps of large pictures",
		"for await (const r of whole.detectMany(Array(4).fill(large))) r.score",
	],
	[
		"overlays, heatmaps and masks",
		"for (const kind of ['overlay', 'heatmap', 'mask']) await result.toPng({ kind, threshold: 0.5 })",
	],
	[
		"a category of new prompts",
		"await engine.category('thing ' + 'abc'[made++])",
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
])("%s leave no gap of 20 ms", async (_, work) => {
	let best = Infinity;
	for (let attempt = 0; attempt < 3 && best >= 20; attempt++) {
		const ended = await script(`${gaps}
      const engine = await Engine.open({ model, threads: 1 })
      const widget = await engine.category('widget', { prompts })
      const whole = await engine.category('widget', { prompts, resolution: 'image' })
      const large = { data: new Uint8Array(1200 * 1000 * 3).map((_, i) => i >> 7), width: 1200, height: 1000, channels: 3 }
      const result = await whole.detect(large)
      let made = 0
      const { metrics } = await import(${JSON.stringify(builtPackage)})
      const maps = new Float32Array(8 << 20).map((_, i) => Math.imul(i, 2654435761)), masks = new Uint8Array(8 << 20).map((_, i) => i % 999 < 40 ? 1 : 0)
      const work = async () => { ${work} }
      await work()  // what happens once only (code that is loaded, memory that is touched first) is not what is measured
      console.log(Math.min(await longestGap(work), await longestGap(work)))`);
		expect(ended).toMatchObject({ code: 0, stderr: "", late: false });
		best = Math.min(best, Number(ended.stdout));
	}
	expect(best, "ms").toBeLessThan(20);
});

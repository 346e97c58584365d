// Times calls into the addon and back.
import { Bench } from "tinybench";
import { percentiles } from "../dist/bench/percentiles.js";
import { metrics } from "../dist/index.js";
import { locateModel } from "../dist/models/locate-model.js";
import { loadAddon } from "../dist/native/addon.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";

/** For each call: calls per second with their margin of error in percent, and the percentiles in microseconds. */
export async function measureRoundTrips() {
	const addon = loadAddon();
	const labels = Uint8Array.of(0, 1);
	const scores = Float32Array.of(0.25, 0.75);
	const noTexts = new Int32Array();
	const engine = await addon.openEngine({
		directory: await locateModel("demo"),
		runtime: findCpuRuntime(),
		precision: "fp32",
		threads: 1,
		maxBatch: 1,
		queue: 1,
	});
	const bench = new Bench({ time: 1000 })
		.add("addon: create a handle", () => {
			addon.createCancel();
		})
		.add("addon: image metrics of 2 scores", () => {
			addon.imageMetrics(labels, scores, false);
		})
		.add("metrics.auroc of 2 scores", () => {
			metrics.auroc(labels, scores);
		})
		.add("engine: encode 0 texts, on the engine's thread", async () => {
			await addon.encodeText(engine, noTexts, noTexts);
		})
		.add("metrics.async.auroc of 2 scores, on its own thread", async () => {
			await metrics.async.auroc(labels, scores);
		});
	await bench.run();
	await addon.closeEngine(engine);
	return bench.tasks.map(({ name, result }) => {
		if (result.error) throw result.error;
		const { p50, p99 } = percentiles(result.samples.map((ms) => 1000 * ms));
		return {
			call: name,
			perSecond: result.hz,
			plusMinus: result.rme,
			p50,
			p99,
		};
	});
}

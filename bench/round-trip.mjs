// Calls into the addon and back: operations per second by the `benchmark` package, percentiles by a clock around each.
import Benchmark from "benchmark";
import { percentiles } from "../dist/bench/percentiles.js";
import { metrics } from "../dist/index.js";
import { locateModel } from "../dist/models/locate-model.js";
import { loadAddon } from "../dist/native/addon.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";

const timed = 20_000;

export async function roundTrips() {
	const addon = loadAddon();
	const labels = Uint8Array.of(0, 1),
		scores = Float32Array.of(0.25, 0.75),
		none = new Int32Array();
	const engine = await addon.openEngine({
		directory: await locateModel("demo"),
		runtime: findCpuRuntime(),
		precision: "fp32",
		threads: 1,
		maxBatch: 1,
		queue: 1,
	});
	const calls = [
		["addon: makes a handle", () => addon.createCancel()],
		[
			"addon: AUROC and the like of 2 scores",
			() => addon.imageMetrics(labels, scores, false),
		],
		["metrics.auroc of 2 scores", () => metrics.auroc(labels, scores)],
		[
			"engine: no texts encoded, on the engine's thread",
			() => addon.encodeText(engine, none, none),
			true,
		],
		[
			"metrics.async.auroc of 2 scores, a thread of its own",
			() => metrics.async.auroc(labels, scores),
			true,
		],
	];
	const rows = [];
	for (const [call, work, later = false] of calls) {
		const { hz, stats } = await operations(call, work, later);
		rows.push({
			call,
			perSecond: hz,
			plusMinus: stats.rme,
			...(await microseconds(work)),
		});
	}
	await addon.closeEngine(engine);
	return rows;
}

function operations(name, work, defer) {
	const fn = defer
		? (deferred) => {
				work().then(() => deferred.resolve());
			}
		: work;
	return new Promise((resolve, reject) => {
		new Benchmark({
			name,
			fn,
			defer,
			maxTime: 1,
			onComplete: ({ target }) => resolve(target),
			onError: ({ target }) => reject(target.error),
		}).run({ async: true });
	});
}

async function microseconds(work) {
	const values = [];
	for (let i = 0; i < timed; i++) {
		const start = process.hrtime.bigint();
		const answer = work();
		if (answer instanceof Promise) await answer;
		values.push(Number(process.hrtime.bigint() - start) / 1000);
	}
	return percentiles(values);
}

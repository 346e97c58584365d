// Cancelled calls, a full queue, and closed engines.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Category, Engine, type EngineOptions } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { sceneImage } from "./support/images.js";
import { fixture, tinyModel } from "./support/paths.js";

const image = sceneImage(48, 48, 2);
const prompts = { normal: ["a clean widget"], abnormal: ["a broken widget"] };

async function open(
	options: EngineOptions = {},
): Promise<{ engine: Engine; category: Category } & AsyncDisposable> {
	const engine = await Engine.open({ model: tinyModel, ...options });
	return {
		engine,
		category: await engine.category("widget", { prompts }),
		[Symbol.asyncDispose]: () => engine.close(),
	};
}

/** 'fulfilled', or the code of the rejection. */
function outcomes(results: PromiseSettledResult<unknown>[]): unknown[] {
	return results.map((result) =>
		result.status === "fulfilled" ? "fulfilled" : result.reason.code,
	);
}

const repeat = <T>(count: number, call: () => Promise<T>) =>
	Array.from({ length: count }, call);

describe("abort", () => {
	test("before the call: every method rejects with the signal's reason", async () => {
		await using opened = await open();
		const { engine, category } = opened;
		const reason = new Error("not needed any more");
		const signal = AbortSignal.abort(reason);
		const calls = [
			category.detect(image, { signal }),
			category.calibrate([image], { signal }),
			category.warmUp({ signal }),
			engine.detect(image, [category], { signal }),
			engine.embedImage(image, { signal }),
			engine.embedText("a widget", { signal }),
			engine.category("widget", { prompts, signal }),
			Engine.open({ model: tinyModel, signal }),
		];
		for (const call of calls) await expect(call).rejects.toBe(reason);
		expect((await category.detect(image)).score).toBeGreaterThan(0);
	});

	test("a signal without its own reason gives an AbortError", async () => {
		await using opened = await open();
		const call = opened.category.detect(image, { signal: AbortSignal.abort() });
		await expect(call).rejects.toMatchObject({ name: "AbortError" });
	});

	test.each([0, 1, 3, 8])(
		"%d ms after the call: it gives a result or the reason, and other calls are not affected",
		async (delay) => {
			await using opened = await open({ maxBatch: 2, threads: 1 });
			const { category } = opened;
			const { score: expected } = await category.detect(image);
			const controller = new AbortController();
			const cancelled = Promise.allSettled(
				repeat(12, () => category.detect(image, { signal: controller.signal })),
			);
			const others = Promise.all(repeat(4, () => category.detect(image)));
			await sleep(delay);
			controller.abort({ code: "stopped" });
			for (const outcome of outcomes(await cancelled)) {
				expect(["fulfilled", "stopped"]).toContain(outcome);
			}
			for (const { score } of await others)
				expect(Math.abs(score - expected)).toBeLessThan(1e-6);
		},
	);

	test("one signal may serve many calls without a warning", async () => {
		await using opened = await open();
		const warnings: unknown[] = [];
		const addWarning = (warning: unknown) => warnings.push(warning);
		process.on("warning", addWarning);
		const { signal } = new AbortController();
		await Promise.all(
			repeat(30, () => opened.category.detect(image, { signal })),
		);
		await sleep(10);
		process.off("warning", addWarning);
		expect(warnings).toEqual([]);
	});
});

test("a full queue rejects further calls and serves the others", async () => {
	await using opened = await open({ queue: 2, maxBatch: 1 });
	const { category } = opened;
	const results = await Promise.allSettled(
		repeat(20, () => category.detect(image)),
	);
	expect(new Set(outcomes(results))).toEqual(
		new Set(["fulfilled", "ERR_ALFA_QUEUE_FULL"]),
	);
	const rejected = results.find((result) => result.status === "rejected")!;
	await expectError(
		() => Promise.reject(rejected.reason),
		"ERR_ALFA_QUEUE_FULL",
		"2",
		/queue/,
	);
	expect((await category.detect(image)).score).toBeGreaterThan(0);
});

describe("close", () => {
	test("may be called several times", async () => {
		const { engine } = await open();
		await Promise.all([
			engine.close(),
			engine.close(),
			engine[Symbol.asyncDispose](),
		]);
		await engine.close();
	});

	test("afterwards every call rejects with ERR_ALFA_CLOSED", async () => {
		const { engine, category } = await open();
		await engine.close();
		const calls = [
			() => category.detect(image),
			() => category.calibrate([image]),
			() => category.detectMany([image]).next(),
			() => category.warmUp(),
			() => engine.embedImage(image),
			() => engine.embedText("a widget"),
			() => engine.embedText("a new widget"),
			() => engine.category("widget", { prompts }),
			() => engine.exportOnnx("nowhere"),
		];
		for (const call of calls)
			await expectError(call, "ERR_ALFA_CLOSED", /closed/, "Engine.open");
		expect(engine.info.device).toBe("cpu");
	});

	test("results stay usable", async () => {
		const { engine, category } = await open();
		const result = await category.detect(image);
		await engine.close();
		expect((await result.toPng()).length).toBeGreaterThan(100);
		expect(result.map).toHaveLength(48 * 48);
	});

	test.each([0, 2])(
		"%d ms after calls: each gives a result or ERR_ALFA_CLOSED",
		async (delay) => {
			const { engine, category } = await open({ maxBatch: 1 });
			const results = Promise.allSettled([
				...repeat(10, () => category.detect(image)),
				engine.embedText("a text that is not cached"),
				engine.category("another widget"),
			]);
			if (delay > 0) await sleep(delay);
			await engine.close();
			for (const outcome of outcomes(await results)) {
				expect(["fulfilled", "ERR_ALFA_CLOSED"]).toContain(outcome);
			}
		},
	);

	test("await using closes the engine at the end of the block", async () => {
		let closed: Engine;
		{
			await using engine = await Engine.open({ model: tinyModel });
			closed = engine;
		}
		await expectError(() => closed.embedImage(image), "ERR_ALFA_CLOSED");
	});
});

test("two engines with different models do not affect each other", async () => {
	await using first = await open();
	const { score: expected } = await first.category.detect(image);
	{
		await using second = await open({
			model: fixture("tiny-open-clip-quickgelu"),
		});
		const [a, b] = await Promise.all([
			first.category.detect(image),
			second.category.detect(image),
		]);
		expect(a.score).toBe(expected);
		expect(b.score).not.toBe(expected);
	}
	expect((await first.category.detect(image)).score).toBe(expected);
});

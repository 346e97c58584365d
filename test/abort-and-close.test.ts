// Work that is stopped, refused for want of room, or asked of a closed engine.
import { setTimeout as after } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Engine, type Category } from "../dist/index.js";
import { tiny } from "./support/paths.js";
import { scene } from "./support/images.js";
import { expectRefusal } from "./support/refusal.js";

const image = {
	data: scene(48, 48, 2),
	width: 48,
	height: 48,
	channels: 3 as const,
};
const prompts = { normal: ["a clean widget"], abnormal: ["a broken widget"] };

async function opened(
	options: object = {},
): Promise<{ engine: Engine; widget: Category } & AsyncDisposable> {
	const engine = await Engine.open({ model: tiny, ...options });
	return {
		engine,
		widget: await engine.category("widget", { prompts }),
		[Symbol.asyncDispose]: () => engine.close(),
	};
}
const codes = (settled: PromiseSettledResult<unknown>[]) =>
	settled.map((each) =>
		each.status === "fulfilled"
			? "fulfilled"
			: (each.reason.code ?? each.reason),
	);

describe("abort", () => {
	test("before the call: its reason, and nothing is done", async () => {
		await using open = await opened();
		const reason = new Error("never mind");
		const signal = AbortSignal.abort(reason);
		await expect(open.widget.detect(image, { signal })).rejects.toBe(reason);
		await expect(open.engine.embedImage(image, { signal })).rejects.toBe(
			reason,
		);
		await expect(open.engine.embedText("a widget", { signal })).rejects.toBe(
			reason,
		);
		await expect(
			open.engine.category("widget", { prompts, signal }),
		).rejects.toBe(reason);
		await expect(Engine.open({ model: tiny, signal })).rejects.toBe(reason);
		await expect(open.widget.calibrate([image], { signal })).rejects.toBe(
			reason,
		);
		await expect(open.widget.warmUp({ signal })).rejects.toBe(reason);
		expect((await open.widget.detect(image)).score).toBeGreaterThan(0);
	});

	test("without a reason of its own: an AbortError", async () => {
		await using open = await opened();
		await expect(
			open.widget.detect(image, { signal: AbortSignal.abort() }),
		).rejects.toMatchObject({ name: "AbortError" });
	});

	test("during: each call ends with a result or the reason, the others with results", async () => {
		await using open = await opened({ maxBatch: 2, threads: 1 });
		const alone = (await open.widget.detect(image)).score;
		for (const wait of [0, 1, 3, 8]) {
			const stop = new AbortController();
			const reason = { code: "stopped" };
			const stopped = Promise.allSettled(
				Array.from({ length: 12 }, () =>
					open.widget.detect(image, { signal: stop.signal }),
				),
			);
			const others = Promise.all(
				Array.from({ length: 4 }, () => open.widget.detect(image)),
			);
			await after(wait);
			stop.abort(reason);
			for (const code of codes(await stopped))
				expect(["fulfilled", "stopped"]).toContain(code);
			for (const { score } of await others)
				expect(Math.abs(score - alone)).toBeLessThan(1e-6);
		}
	});

	test("one signal serves any number of calls without a warning", async () => {
		await using open = await opened();
		const warnings: unknown[] = [];
		const hear = (warning: unknown) => warnings.push(warning);
		process.on("warning", hear);
		const { signal } = new AbortController();
		await Promise.all(
			Array.from({ length: 30 }, () => open.widget.detect(image, { signal })),
		);
		await after(10);
		process.off("warning", hear);
		expect(warnings).toEqual([]);
	});
});

describe("a full queue", () => {
	test("refuses the call that has no room, by name, and serves the others", async () => {
		await using open = await opened({ queue: 2, maxBatch: 1 });
		const settled = await Promise.allSettled(
			Array.from({ length: 20 }, () => open.widget.detect(image)),
		);
		expect(codes(settled)).toContain("fulfilled");
		expect(codes(settled)).toContain("ERR_ALFA_QUEUE_FULL");
		expect(new Set(codes(settled))).toEqual(
			new Set(["fulfilled", "ERR_ALFA_QUEUE_FULL"]),
		);
		await expectRefusal(
			() => {
				throw (
					settled.find(
						(each) => each.status === "rejected",
					) as PromiseRejectedResult
				).reason;
			},
			"ERR_ALFA_QUEUE_FULL",
			"2",
			/queue/,
		);
		expect((await open.widget.detect(image)).score).toBeGreaterThan(0);
	});
});

describe("close", () => {
	test("twice, at once or later, is once", async () => {
		const { engine } = await opened();
		await Promise.all([
			engine.close(),
			engine.close(),
			engine[Symbol.asyncDispose](),
		]);
		await engine.close();
	});

	test("afterwards every call says that the engine is closed", async () => {
		const { engine, widget } = await opened();
		await engine.close();
		const calls = [
			() => widget.detect(image),
			() => engine.embedImage(image),
			() => engine.embedText("a widget"),
			() => engine.embedText("a new widget"),
			() => engine.category("widget", { prompts }),
			() => engine.exportOnnx("nowhere"),
			() => widget.calibrate([image]),
			() => widget.detectMany([image]).next(),
			() => widget.warmUp(),
		];
		for (const call of calls)
			await expectRefusal(call, "ERR_ALFA_CLOSED", /closed/, "Engine.open");
		expect(engine.info.device).toBe("cpu");
	});

	test("results outlive it", async () => {
		const { engine, widget } = await opened();
		const result = await widget.detect(image);
		await engine.close();
		expect((await result.toPng()).length).toBeGreaterThan(100);
		expect(result.map).toHaveLength(48 * 48);
	});

	test("with work waiting: every call ends, with a result or ERR_ALFA_CLOSED", async () => {
		for (const wait of [0, 2]) {
			const { engine, widget } = await opened({ maxBatch: 1 });
			const running = [
				...Array.from({ length: 10 }, () => widget.detect(image)),
				engine.embedText(["a text never seen before"]),
				engine.category("another widget"),
			];
			const settled = Promise.allSettled(running);
			if (wait) await after(wait);
			await engine.close();
			for (const code of codes(await settled))
				expect(["fulfilled", "ERR_ALFA_CLOSED"]).toContain(code);
		}
	});

	test("await using closes", async () => {
		let kept: Engine;
		{
			await using engine = await Engine.open({ model: tiny });
			kept = engine;
		}
		await expectRefusal(() => kept.embedImage(image), "ERR_ALFA_CLOSED");
	});
});

test("two engines at once, of different models, do not touch one another", async () => {
	await using one = await opened();
	const alone = (await one.widget.detect(image)).score;
	{
		await using other = await opened({
			model: tiny.replace("gelu", "quickgelu"),
		});
		const [a, b] = await Promise.all([
			one.widget.detect(image),
			other.widget.detect(image),
		]);
		expect(a.score).toBe(alone);
		expect(b.score).not.toBe(alone);
	}
	expect((await one.widget.detect(image)).score).toBe(alone);
});

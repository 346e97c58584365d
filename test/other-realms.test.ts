// Arrays of another realm (vm, Jest), of subclasses, and over shared, resizable and transferred memory.
import { createContext, runInContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	type Category,
	Engine,
	extendPrompts,
	metrics,
	readDataset,
	templatePrompts,
} from "../dist/index.js";
import { writeDataset } from "./support/datasets.js";
import { expectError } from "./support/errors.js";
import { detached } from "./support/hostile-values.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const context = createContext({});
/** The same value, made of the arrays and objects of another realm. */
function foreign<T>(value: T): T {
	if (ArrayBuffer.isView(value)) {
		const type = Object.prototype.toString.call(value).slice(8, -1);
		const make = runInContext(`(values) => new ${type}(values)`, context);
		return make([...(value as unknown as number[])]);
	}
	if (Array.isArray(value)) {
		const list = runInContext("[]", context);
		for (const each of value) list.push(foreign(each));
		return list;
	}
	if (typeof value !== "object" || value === null) return value;
	if (Object.getPrototypeOf(value) !== Object.prototype) return value;
	const object = runInContext("({})", context);
	for (const [key, each] of Object.entries(value)) object[key] = foreign(each);
	return object;
}

const prompts = { normal: ["a clean widget"], abnormal: ["a broken widget"] };
const image = sceneImage(16, 16, 3);
const labels = Uint8Array.of(0, 1, 0, 1);
const scores = Float32Array.of(0.1, 0.9, 0.3, 0.2);
const maps = [Float32Array.of(0, 1, 0.5, 1)];
const masks = [Uint8Array.of(0, 1, 0, 0)];
const size = { width: 2, height: 2 };

let engine: Engine;
let widget: Category;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
	widget = await engine.category("widget", { prompts });
});
afterAll(() => engine?.close());

test("the helper makes values of another realm", () => {
	expect(foreign(labels)).not.toBeInstanceOf(Uint8Array);
	expect(foreign(maps)).not.toBeInstanceOf(Array);
});

type Call = (...args: never[]) => unknown;
const imageMetrics: [string, Call][] = Object.entries({
	"metrics.image": metrics.image,
	"metrics.auroc": metrics.auroc,
	"metrics.averagePrecision": metrics.averagePrecision,
	"metrics.aupr": metrics.aupr,
	"metrics.f1Max": metrics.f1Max,
	"metrics.async.image": metrics.async.image,
	"metrics.async.auroc": metrics.async.auroc,
	"metrics.async.averagePrecision": metrics.async.averagePrecision,
	"metrics.async.aupr": metrics.async.aupr,
	"metrics.async.f1Max": metrics.async.f1Max,
});
const pixelMetrics: [string, Call][] = Object.entries({
	"metrics.pixel": metrics.pixel,
	"metrics.pro": metrics.pro,
	"metrics.async.pixel": metrics.async.pixel,
	"metrics.async.pro": metrics.async.pro,
});

class Scores extends Float32Array {
	static override get [Symbol.species](): never {
		throw new Error("species");
	}
	override get length(): number {
		return 1;
	}
}

function over<T extends Uint8Array | Float32Array>(
	array: T,
	buffer: ArrayBufferLike,
): T {
	const ArrayType = array.constructor as new (buffer: ArrayBufferLike) => T;
	new Uint8Array(buffer).set(
		new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
	);
	return new ArrayType(buffer);
}
const shared = <T extends Uint8Array | Float32Array>(array: T) =>
	over(array, new SharedArrayBuffer(array.byteLength));
const resizable = <T extends Uint8Array | Float32Array>(array: T) =>
	over(
		array,
		new (
			ArrayBuffer as unknown as new (
				length: number,
				options: object,
			) => ArrayBuffer
		)(array.byteLength, { maxByteLength: 1024 }),
	);

describe.each(imageMetrics)("%s", (_name, call) => {
	const run = (...args: unknown[]) => call(...(args as never[]));
	test("accepts arrays of another realm", async () =>
		expect(await run(foreign(labels), foreign(scores))).toEqual(
			await run(labels, scores),
		));
	test("accepts subclasses, shared and resizable memory", async () => {
		const expected = await run(labels, scores);
		expect(await run(labels, new Scores(scores.buffer))).toEqual(expected);
		expect(await run(shared(labels), shared(scores))).toEqual(expected);
		expect(await run(resizable(labels), resizable(scores))).toEqual(expected);
	});
	test("refuses transferred memory", () =>
		expectError(
			() => run(labels, detached(Float32Array.from(scores))),
			"ERR_ALFA_RANGE",
			"0 scores",
		));
});

describe.each(pixelMetrics)("%s", (_name, call) => {
	const run = (...args: unknown[]) => call(...(args as never[]));
	test("accepts arrays of another realm", async () => {
		const expected = await run(maps, masks, size);
		expect(await run(foreign(maps), foreign(masks), foreign(size))).toEqual(
			expected,
		);
		expect(await run(foreign(maps[0]), foreign(masks[0]), size)).toEqual(
			expected,
		);
	});
	test("accepts subclasses, shared and resizable memory", async () => {
		const expected = await run(maps, masks, size);
		const [map, mask] = [maps[0]!, masks[0]!];
		expect(await run([new Scores(map.buffer)], masks, size)).toEqual(expected);
		expect(await run(shared(map), [shared(mask)], size)).toEqual(expected);
		expect(await run([resizable(map)], resizable(mask), size)).toEqual(
			expected,
		);
	});
	test("refuses holes and transferred memory", async () => {
		await expectError(
			() => run(Object.assign([], { 1: maps[0] }), masks, size),
			"ERR_ALFA_ARGUMENT",
			"maps[0]",
			/hole/,
		);
		await expectError(
			() => run([detached(Float32Array.from(maps[0]!))], masks, size),
			"ERR_ALFA_RANGE",
			"maps[0]",
		);
	});
});

test("images of another realm", async () => {
	const { score } = await widget.detect(image);
	const other = foreign(image);
	expect((await widget.detect(other)).score).toBe(score);
	expect((await engine.detect(other, foreign([widget])))[0]!.score).toBe(score);
	expect(await engine.embedImage(other)).toEqual(
		await engine.embedImage(image),
	);
	for await (const each of widget.detectMany(foreign([image])))
		expect(each.score).toBe(score);
	const { scores: calibrated } = await widget.calibrate(foreign([image]));
	expect(calibrated).toEqual(Float64Array.of(score));
	const result = await widget.detect(image);
	const png = await result.toPng();
	expect(await result.toPng({ image: other })).toEqual(png);
	const few = await engine.category("widget", {
		prompts: foreign(prompts),
		references: foreign([image]),
		scales: foreign([2]),
	});
	expect(few.references?.images).toBe(1);
});

test("texts of another realm", async () => {
	expect(await engine.embedText(foreign(["a", "b"]))).toEqual(
		await engine.embedText(["a", "b"]),
	);
	const lists = { domains: ["bright"], normal: ["clean"] };
	expect(templatePrompts("widget", foreign(lists))).toEqual(
		templatePrompts("widget", lists),
	);
	const set = {
		class: "widget",
		...prompts,
		source: { kind: "user" as const },
	};
	expect(extendPrompts(foreign(set), foreign(prompts))).toEqual(
		extendPrompts(set, prompts),
	);
	const folder = writeDataset("widgets", ["widget/test/good/0.png"]);
	const { categories } = await readDataset(
		folder,
		foreign({ classes: ["widget"] }),
	);
	expect(categories).toHaveLength(1);
});

// Values that users do not mean to pass, and unusual forms of values that they do.
import fc from "fast-check";

/** Makes a value in place of a valid one. */
export type Replace = (valid: unknown) => unknown;

const throws = (): never => {
	throw new TypeError("hostile");
};
const isRecord = (value: unknown): value is Record<string, unknown> =>
	typeof value === "object" && value !== null;

function throwingProxy(...traps: (keyof ProxyHandler<object>)[]): object {
	return new Proxy({}, Object.fromEntries(traps.map((trap) => [trap, throws])));
}

function revokedProxy(target: object): object {
	const { proxy, revoke } = Proxy.revocable(target, {});
	revoke();
	return proxy;
}

export function detached<T extends Uint8Array | Float32Array | Float64Array>(
	array: T,
): T {
	structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
	return array;
}

class NoisyBytes extends Uint8Array {
	static override get [Symbol.species](): never {
		return throws();
	}
	override get length(): number {
		return 7;
	}
	override get byteLength(): number {
		return 1e9;
	}
	override subarray(): never {
		return throws();
	}
}

const resizable = () =>
	new (
		ArrayBuffer as unknown as new (
			length: number,
			options: object,
		) => ArrayBuffer
	)(8, { maxByteLength: 64 });

/** A getter that returns something else each time. */
function changing(valid: unknown): object {
	const values = [valid, Symbol("second"), throwingProxy("get"), -1];
	let reads = 0;
	return {
		get model() {
			return values[reads++ % values.length];
		},
		get 0() {
			return values[reads++ % values.length];
		},
		length: 1,
	};
}

function cyclic(): object {
	const value: Record<string, unknown> = { normal: ["a"] };
	value["self"] = value;
	value["list"] = [value];
	return value;
}

const constants: Record<string, Replace> = {
	symbol: () => Symbol("hostile"),
	bigint: () => 10n,
	"minus zero": () => -0,
	NaN: () => NaN,
	infinity: () => Infinity,
	"largest integer": () => 2 ** 53,
	null: () => null,
	undefined: () => undefined,
	"empty string": () => "",
	"null prototype": () => Object.create(null),
	"toString and valueOf that throw": () => ({
		toString: throws,
		valueOf: throws,
		[Symbol.toPrimitive]: throws,
		toJSON: throws,
	}),
	"getters that throw": () =>
		Object.defineProperties(
			{},
			Object.fromEntries(
				["signal", "length", "data", "then", "images", "name", "href"].map(
					(key) => [key, { enumerable: true, get: throws }],
				),
			),
		),
	"proxy that throws": () =>
		throwingProxy("get", "has", "ownKeys", "getPrototypeOf"),
	"proxy of an endless chain": () => {
		const proxy: object = new Proxy({}, { getPrototypeOf: () => proxy });
		return proxy;
	},
	"array proxy that throws": () => new Proxy([1], { get: throws }),
	"array proxy with a bad length": () =>
		new Proxy([1], { get: (_, key) => (key === "length" ? -1.5 : 1) }),
	"revoked proxy": () => revokedProxy({}),
	"revoked array": () => revokedProxy([]),
	"sparse array": () => Object.assign([], { 1: "a", 3: 2 }),
	"array with holes only": () => new Array(1e9),
	"array of undefined": () => [undefined],
	"array iterator that throws": () =>
		Object.assign([1, 2], { [Symbol.iterator]: throws }),
	"iterable of nothing valid": () => ({ [Symbol.iterator]: () => ({}) }),
	"iterable with bad results": () => ({
		[Symbol.iterator]: () => ({ next: () => 7 }),
	}),
	"iterable by name only": () => ({ [Symbol.asyncIterator]: 7 }),
	"signal by name only": () => ({
		aborted: false,
		addEventListener: () => {},
		removeEventListener: () => {},
		throwIfAborted: () => {},
	}),
	"signal by prototype only": () => Object.create(AbortSignal.prototype),
	"URL by prototype only": () => Object.create(URL.prototype),
	promise: () => Promise.resolve({}),
	map: () => new Map([["signal", 1]]),
	date: () => new Date(NaN),
	"boxed string": () => Object("alfa"),
	"detached bytes": () => detached(new Uint8Array(8)),
	"detached floats": () => detached(new Float32Array(8)),
	"shared bytes": () => new Uint8Array(new SharedArrayBuffer(8)),
	"resizable bytes": () => new Uint8Array(resizable()),
	"typed array subclass": () => new NoisyBytes(8),
	"array buffer": () => new ArrayBuffer(8),
	"data view": () => new DataView(new ArrayBuffer(8)),
	cyclic,
	"symbol key": () => ({ [Symbol("key")]: 1 }),
	"__proto__ key": () => JSON.parse('{"__proto__": {"signal": 1}}'),
};

/** Other forms of the valid value. */
const forms: Record<string, Replace> = {
	frozen: (valid) =>
		isRecord(valid) && !ArrayBuffer.isView(valid)
			? Object.freeze(valid)
			: valid,
	inherited: (valid) => (isRecord(valid) ? Object.create(valid) : valid),
	proxy: (valid) => (isRecord(valid) ? new Proxy(valid, {}) : valid),
	"copy without prototype": (valid) =>
		isRecord(valid) ? Object.assign(Object.create(null), valid) : valid,
	getters: (valid) =>
		isRecord(valid)
			? Object.defineProperties(
					{},
					Object.fromEntries(
						Object.keys(valid).map((key) => [
							key,
							{ enumerable: true, get: () => valid[key] },
						]),
					),
				)
			: valid,
	"getters that work once": (valid) =>
		isRecord(valid)
			? Object.defineProperties(
					{},
					Object.fromEntries(
						Object.keys(valid).map((key) => {
							let reads = 0;
							const get = () => (reads++ === 0 ? valid[key] : throws());
							return [key, { enumerable: true, get }];
						}),
					),
				)
			: valid,
	"sparse copy": (valid) =>
		Array.isArray(valid) ? Object.assign([], { 1: valid[0] }) : valid,
	changing,
};

const named = Object.entries({ ...constants, ...forms });

/** A replacement with its name, for the report of a failure. */
export const replacement: fc.Arbitrary<{ name: string; replace: Replace }> =
	fc.oneof(
		{
			weight: 4,
			arbitrary: fc
				.constantFrom(...named)
				.map(([name, replace]) => ({ name, replace })),
		},
		{
			weight: 1,
			arbitrary: fc
				.anything({
					maxDepth: 2,
					withBigInt: true,
					withDate: true,
					withMap: true,
					withNullPrototype: true,
					withSparseArray: true,
					withTypedArray: true,
				})
				// A text could be the path of a file that is then written.
				.filter((value) => typeof value !== "string")
				.map((value) => ({
					name: `anything: ${fc.stringify(value)}`,
					replace: () => value,
				})),
		},
	);

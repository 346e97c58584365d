// Reads objects and arrays of users. Each property is read once, and an error of a getter or a Proxy gets a name.
import { types } from "node:util";
import { argumentError } from "../errors.js";

/** Array.isArray, but false for a revoked Proxy. */
export function isArray(value: unknown): value is readonly unknown[] {
	try {
		return Array.isArray(value);
	} catch {
		return false;
	}
}

/** An object with named values: no array, bytes, Map, Set, Promise, Date, Error or boxed value. */
export function isObject(value: unknown): value is Record<string, unknown> {
	return (
		typeof value === "object" &&
		value !== null &&
		!isArray(value) &&
		!ArrayBuffer.isView(value) &&
		!types.isAnyArrayBuffer(value) &&
		!types.isMap(value) &&
		!types.isSet(value) &&
		!types.isPromise(value) &&
		!types.isDate(value) &&
		!types.isRegExp(value) &&
		!types.isNativeError(value) &&
		!types.isBoxedPrimitive(value)
	);
}

const maxPrototypes = 100;
const maxElements = 2 ** 24;

/**
 * A plain copy of the object. It has the enumerable keys of the object and of its prototypes, and those of `known` that
 * a class defines as accessors. Symbols and the keys of Object.prototype are left out. Throws ERR_ALFA_ARGUMENT.
 */
export function readObject(
	value: object,
	name: string,
	known: readonly string[] = [],
): Record<string, unknown> {
	return reading(name, () => {
		const entries = [...keysOf(value, known)].map((key): [string, unknown] => [
			key,
			readProperty(value, key, `${name}.${key}`),
		]);
		return Object.fromEntries(entries);
	});
}

/** The length of the array. Throws ERR_ALFA_ARGUMENT if a Proxy has none. */
export function readLength(value: readonly unknown[], name: string): number {
	const length = readProperty(value, "length", name);
	if (Number.isSafeInteger(length)) return length as number;
	throw readError(`${name} has no length; pass an array`);
}

/** A copy of the array. Throws ERR_ALFA_ARGUMENT for a hole. `length`: what readLength returned. */
export function readArray(
	value: readonly unknown[],
	name: string,
	length: number = readLength(value, name),
): unknown[] {
	if (length > maxElements)
		throw readError(`Expected at most ${maxElements} elements in ${name}`);
	return reading(name, () => {
		const copy: unknown[] = [];
		for (let i = 0; i < length; i++) {
			if (!Object.hasOwn(value, i)) {
				throw readError(
					`Expected a value for ${name}[${i}] but the array has a hole there; pass an array without holes`,
				);
			}
			copy.push(readProperty(value, i, `${name}[${i}]`));
		}
		return copy;
	});
}

/** The value of a property that a getter or a Proxy may compute. Throws ERR_ALFA_ARGUMENT. */
export function readProperty(
	value: object,
	key: string | number | symbol,
	name: string,
): unknown {
	return reading(name, () => (value as Record<PropertyKey, unknown>)[key]);
}

function keysOf(value: object, known: readonly string[]): Set<string> {
	const keys = new Set<string>();
	let each: object | null = value;
	for (let level = 0; each && !isObjectPrototype(each); level++) {
		if (level === maxPrototypes)
			throw new Error(`it has more than ${maxPrototypes} prototypes`);
		for (const key of Reflect.ownKeys(each)) {
			if (typeof key !== "string") continue;
			const isEnumerable = Object.getOwnPropertyDescriptor(
				each,
				key,
			)?.enumerable;
			if (isEnumerable || known.includes(key)) keys.add(key);
		}
		each = Object.getPrototypeOf(each);
	}
	return keys;
}

/** Object.prototype of any realm. */
function isObjectPrototype(value: object): boolean {
	return (
		Object.getPrototypeOf(value) === null &&
		Object.hasOwn(value, "isPrototypeOf")
	);
}

/** The errors of this file. They pass through the functions above it unchanged. */
const readErrors = new WeakSet<Error>();

function readError(message: string, options?: ErrorOptions): TypeError {
	const error = argumentError(message, options);
	readErrors.add(error);
	return error;
}

/** Calls `read`; its errors become ERR_ALFA_ARGUMENT with the name of the value. */
function reading<T>(name: string, read: () => T): T {
	try {
		return read();
	} catch (cause) {
		if (cause instanceof Error && readErrors.has(cause)) throw cause;
		throw readError(
			`${name} cannot be read (${messageOf(cause)}); pass plain data`,
			{ cause },
		);
	}
}

/** The message of a thrown value, which may be anything. */
function messageOf(thrown: unknown): string {
	try {
		return thrown instanceof Error ? String(thrown.message) : String(thrown);
	} catch {
		return "it throws";
	}
}

// JSON that comes from outside: files, servers, and objects of users.
import { argumentError } from "../errors.js";
import { isArray, readArray, readLength, readObject } from "./read-once.js";

/** The most levels of objects and arrays. Recursive code (copying, freezing, writing) is safe with it. */
export const maxJsonDepth = 64;

/**
 * JSON.parse with a limit on the levels of nesting. Accepts a byte order mark. Throws a SyntaxError for text that is
 * not JSON or is nested too deeply, and nothing else.
 */
export function parseJson(text: string, maxDepth = maxJsonDepth): unknown {
	const json = text.startsWith("\ufeff") ? text.slice(1) : text;
	if (isNestedDeeper(json, maxDepth))
		throw new SyntaxError(`more than ${maxDepth} levels of nesting`);
	return JSON.parse(json);
}

/** parseJson for text that may be anything: undefined if it throws. */
export function tryParseJson(text: string): unknown {
	try {
		return parseJson(text);
	} catch {
		return undefined;
	}
}

const quote = 0x22;
const backslash = 0x5c;
const openers = [0x5b, 0x7b]; // [ {
const closers = [0x5d, 0x7d]; // ] }

/** Counts brackets outside strings. The text may be any text. */
function isNestedDeeper(text: string, maxDepth: number): boolean {
	let depth = 0;
	let isInString = false;
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code === quote) isInString = !isInString;
		else if (isInString) {
			if (code === backslash) i++;
		} else if (openers.includes(code)) {
			if (++depth > maxDepth) return true;
		} else if (closers.includes(code)) depth--;
	}
	return false;
}

/** Limits of `copyJson`. */
export interface JsonLimits {
	/** Levels of objects and arrays. */
	depth: number;
	/** Strings, numbers, objects, ... in total. */
	values: number;
}

/**
 * A deep copy of a value that JSON can hold: strings, finite numbers, booleans, null, arrays and plain objects. Every
 * property is read once. A property with the value undefined is left out. Throws a TypeError (ERR_ALFA_ARGUMENT) for
 * everything else, also for cycles: `name` is the name of the value in the message.
 */
export function copyJson<T>(value: T, name: string, limits: JsonLimits): T {
	let left = limits.values;
	const tooManyValues = () =>
		argumentError(`Expected at most ${limits.values} values in ${name}`);
	const copy = (each: unknown, path: string, depth: number): unknown => {
		if (left-- === 0) throw tooManyValues();
		if (each === null) return null;
		if (typeof each === "string" || typeof each === "boolean") return each;
		if (typeof each === "number" && Number.isFinite(each)) return each;
		const list = isArray(each) ? each : undefined;
		if (!list && !isPlainObject(each)) throw notJson(each, path);
		if (depth === limits.depth) {
			throw argumentError(
				`Expected at most ${limits.depth} levels of nesting in ${name}, and no object that contains itself`,
			);
		}
		if (list) {
			const length = readLength(list, path);
			if (length > left) throw tooManyValues();
			return readArray(list, path, length).map((item, i) =>
				copy(item, `${path}[${i}]`, depth + 1),
			);
		}
		const entries = Object.entries(readObject(each as object, path))
			.filter(([, item]) => item !== undefined)
			.map(([key, item]) => [key, copy(item, `${path}.${key}`, depth + 1)]);
		return Object.fromEntries(entries);
	};
	return copy(value, name, 0) as T;
}

/** An object literal, or an object without a prototype, of any realm. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
	if (typeof value !== "object" || value === null) return false;
	try {
		const prototype: unknown = Object.getPrototypeOf(value);
		return prototype === null || Object.getPrototypeOf(prototype) === null;
	} catch {
		return false; // a Proxy
	}
}

function notJson(value: unknown, path: string): TypeError {
	const kind =
		typeof value === "object" ? "an object of a class" : String(typeof value);
	const received = typeof value === "number" ? String(value) : kind;
	return argumentError(
		`Expected a string, a finite number, a boolean, null, an array or a plain object for ${path} ` +
			`but received ${received}`,
	);
}

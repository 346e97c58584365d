// The door: options are plain objects, checked once, unknown keys refused by name.
import { argumentError, rangeError } from "../errors.js";

/** Throws where `value` is not what `name` must be. */
export type Check = (value: unknown, name: string) => void;

export function typeName(value: unknown): string {
	if (value === null) return "null";
	if (typeof value !== "object") return typeof value;
	return Array.isArray(value)
		? "array"
		: Object.getPrototypeOf(value)?.constructor?.name || "object";
}

function shown(value: unknown): string {
	if (typeof value === "string")
		return JSON.stringify(
			value.length > 80 ? `${value.slice(0, 77)}...` : value,
		);
	if (typeof value === "function") return value.name || "a function";
	if (typeof value === "object" && value !== null)
		return Array.isArray(value) ? `${value.length} elements` : "an object";
	return String(value);
}

const message = (expected: string, name: string, value: unknown) =>
	`Expected ${expected} for ${name} but received ${value === undefined ? "undefined" : `${shown(value)} of type ${typeName(value)}`}`;

/** "Expected X for name but received Y of type Z": the wrong type. */
export const wrongType = (expected: string, name: string, value: unknown) =>
	argumentError(message(expected, name, value));
/** The same words for the right type with an impossible value. */
export const wrongValue = (expected: string, name: string, value: unknown) =>
	rangeError(message(expected, name, value));

interface Bounds {
	integer?: boolean;
	min?: number;
	above?: number;
	max?: number;
}

export function number({ integer, min, above, max }: Bounds = {}): Check {
	const bounds =
		min !== undefined && max !== undefined
			? [`from ${min} to ${max}`]
			: [
					above !== undefined && `above ${above}`,
					min !== undefined && `of at least ${min}`,
					max !== undefined && `at most ${max}`,
				];
	const expected = [
		integer ? "an integer" : "a number",
		bounds.filter(Boolean).join(" and "),
	]
		.filter(Boolean)
		.join(" ");
	return (value, name) => {
		if (typeof value !== "number") throw wrongType(expected, name, value);
		const fits =
			Number.isFinite(value) &&
			(!integer || Number.isInteger(value)) &&
			(min === undefined || value >= min) &&
			(above === undefined || value > above) &&
			(max === undefined || value <= max);
		if (!fits) throw wrongValue(expected, name, value);
	};
}

export const boolean: Check = (value, name) => {
	if (typeof value !== "boolean") throw wrongType("a boolean", name, value);
};
export const func: Check = (value, name) => {
	if (typeof value !== "function") throw wrongType("a function", name, value);
};
export const signal: Check = (value, name) => {
	if (!(value instanceof AbortSignal))
		throw wrongType("an AbortSignal", name, value);
};

export const text: Check = (value, name) => {
	if (typeof value !== "string") throw wrongType("a string", name, value);
	if (value.trim() === "")
		throw wrongValue("a string that is not empty", name, value);
};

export const listed = (values: readonly string[]) => {
	const quoted = values.map((each) => `'${each}'`);
	return quoted.length < 2
		? quoted.join()
		: `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
};

export function oneOf(values: readonly string[]): Check {
	return (value, name) => {
		if (typeof value !== "string") throw wrongType(listed(values), name, value);
		if (values.includes(value)) return;
		const near = nearest(value, values);
		throw rangeError(
			`${message(listed(values), name, value)}${near ? `; did you mean '${near}'?` : ""}`,
		);
	};
}

export function arrayOf(
	each: Check,
	{ min = 0, max = Infinity, what = "an array" } = {},
): Check {
	return (value, name) => {
		if (!Array.isArray(value)) throw wrongType(what, name, value);
		if (value.length < min || value.length > max)
			throw wrongValue(
				`${what} of ${max === Infinity ? `at least ${min}` : `${min} to ${max}`} elements`,
				name,
				value,
			);
		value.forEach((element, i) => each(element, `${name}[${i}]`));
	};
}

export function isPlain(value: unknown): value is Record<string, unknown> {
	return (
		typeof value === "object" &&
		value !== null &&
		!Array.isArray(value) &&
		!ArrayBuffer.isView(value)
	);
}

/** Checks the object's known keys and refuses the unknown; a key whose value is undefined counts as left out. */
export function checkOptions(
	value: unknown,
	name: string,
	shape: Record<string, Check>,
): void {
	if (!isPlain(value)) throw wrongType("an object", name, value);
	for (const [key, held] of Object.entries(value)) {
		const check = Object.hasOwn(shape, key) ? shape[key] : undefined;
		if (!check) {
			const near = nearest(key, Object.keys(shape));
			throw argumentError(
				`Unknown key '${key}' in ${name}${near ? `; did you mean '${near}'?` : `; known are ${listed(Object.keys(shape))}`}`,
			);
		}
		if (held !== undefined)
			check(held, name === "options" ? key : `${name}.${key}`);
	}
}

/** The candidate that a misspelt word most likely meant, or undefined where none is near. */
export function nearest(
	word: string,
	candidates: readonly string[],
): string | undefined {
	const ranked = candidates
		.map(
			(each) =>
				[distance(word.toLowerCase(), each.toLowerCase()), each] as const,
		)
		.sort((a, b) => a[0] - b[0]);
	const best = ranked[0];
	return best && best[0] <= Math.max(1, Math.floor(word.length / 3))
		? best[1]
		: undefined;
}

/** Edits between two words, two letters swapped being one; words past 40 characters are not worth the work. */
function distance(a: string, b: string): number {
	if (a.length > 40 || b.length > 40) return Infinity;
	let before: number[] = [];
	let row = Array.from({ length: b.length + 1 }, (_, i) => i);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const swapped =
				i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
					? before[j - 2]! + 1
					: Infinity;
			next[j] = Math.min(
				row[j]! + 1,
				next[j - 1]! + 1,
				row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
				swapped,
			);
		}
		before = row;
		row = next;
	}
	return row[b.length]!;
}

// The kinds of settings from which the table in settings.ts is built.

import { argumentError, rangeError } from "../errors.js";
import {
	arrayOf,
	boolean,
	type Check,
	checkOptions,
	describeNumber,
	isPlain,
	listed,
	type NumberBounds,
	number,
	oneOf,
	wrongType,
} from "../options/validate.js";

/** One setting. `Value` is its type in a category, `Option` the type that users may pass. */
export interface Setting<Value, Option = Value> {
	readonly default: Value;
	/** The allowed values in words, for the documentation. */
	readonly accepts: string;
	/** A copy of the argument. Throws unless it is an `Option`. */
	readonly check: Check;
	/** `option` over `below`, which is the recipe's value or the default. */
	readonly merge: (below: Value, option: Option) => Value;
	/** The settings inside a group. */
	readonly fields?: Readonly<Record<string, AnySetting>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the table holds settings of every type.
export type AnySetting = Setting<any, any>;
export type SettingTable = Readonly<Record<string, AnySetting>>;

/** The values of a table, all present. Doc comments of the table's entries carry over. */
export type ValuesOf<Table extends SettingTable> = {
	[K in keyof Table]: Table[K] extends Setting<infer Value, infer _>
		? Value
		: never;
};

/** What users pass for a table: every key may be absent. */
export type OptionsOf<Table extends SettingTable> = {
	[K in keyof Table]?: Table[K] extends Setting<infer _, infer Option>
		? Option
		: never;
};

const replace = <T>(_below: T, option: T): T => option;

export const flag = (value: boolean): Setting<boolean> => ({
	default: value,
	accepts: "a boolean",
	check: boolean,
	merge: replace,
});

export const numeric = (
	value: number,
	bounds: NumberBounds,
): Setting<number> => ({
	default: value,
	accepts: describeNumber(bounds),
	check: number(bounds),
	merge: replace,
});

/** `value` must be one of `values`; native code matches them by name. */
export const choice = <const Name extends string>(
	value: NoInfer<Name>,
	values: readonly Name[],
): Setting<Name> => ({
	default: value,
	accepts: listed(values),
	check: oneOf(values),
	merge: replace,
});

export interface ListRules {
	min?: number;
	max: number;
	/** Each number may occur once. */
	distinct?: boolean;
	/** The elements in words, such as "block numbers". */
	of: string;
}

export function list(
	value: readonly number[],
	element: Check<number>,
	{ min = 0, max, distinct = false, of }: ListRules,
): Setting<readonly number[]> {
	const copyAll = arrayOf(element, { min, max, what: `an array of ${of}` });
	return {
		default: value,
		accepts: `an array of ${min} to ${max} ${distinct ? "different " : ""}${of}`,
		check: (option, name) => {
			const numbers = copyAll(option, name);
			if (distinct && new Set(numbers).size !== numbers.length)
				throw rangeError(
					`Expected different ${of} for ${name} but received ${numbers.join(", ")}`,
				);
			return numbers;
		},
		merge: (_below, option) => [...option],
	};
}

/** Settings under one key. An option replaces only the fields that it names. */
export function group<const Table extends SettingTable>(
	fields: Table,
): Setting<ValuesOf<Table>, OptionsOf<Table>> {
	return {
		default: defaultsOf(fields),
		accepts: `{ ${Object.keys(fields).join(", ")} }`,
		check: checkFields(fields),
		merge: (below, option) => merge(fields, below, option),
		fields,
	};
}

/** 'on' or 'off', or details, which mean 'on'. Missing details have their defaults. */
export function switchable<Value extends object, Option extends object>(
	value: "on" | "off",
	details: Setting<Value, Option>,
): Setting<"on" | "off" | Value, "on" | "off" | Option> {
	const accepts = `'on', 'off' or ${details.accepts}`;
	return {
		default: value,
		accepts,
		check: (option, name) => {
			if (isPlain(option)) return details.check(option, name);
			if (typeof option === "string") return oneOf(["on", "off"])(option, name);
			throw wrongType(accepts, name, option);
		},
		merge: (below, option) => {
			if (typeof option === "string") return option;
			const base = typeof below === "string" ? details.default : below;
			return details.merge(base, option);
		},
		...(details.fields && { fields: details.fields }),
	};
}

/** A group in which exactly one field of `alternatives` applies: the one that is passed, otherwise `initial`. */
export function groupWithAlternatives<
	const Alternatives extends SettingTable,
	const Table extends SettingTable,
>(
	alternatives: Alternatives,
	initial: keyof Alternatives & string,
	others: Table,
): Setting<
	Partial<ValuesOf<Alternatives>> & ValuesOf<Table>,
	OptionsOf<Alternatives> & OptionsOf<Table>
> {
	type Value = Partial<ValuesOf<Alternatives>> & ValuesOf<Table>;
	const fields = { ...alternatives, ...others };
	const names = Object.keys(alternatives);
	const copyFields = checkFields(fields);
	const present = (value: object) =>
		names.filter(
			(name) => (value as Record<string, unknown>)[name] !== undefined,
		);
	return {
		default: {
			[initial]: alternatives[initial]!.default,
			...defaultsOf(others),
		} as Value,
		accepts: `{ ${Object.keys(fields).join(", ")} }`,
		check: (option, name) => {
			const copy = copyFields(option, name);
			const chosen = present(copy);
			if (chosen.length > 1)
				throw argumentError(
					`Expected only one of ${listed(names)} in ${name} but received ${chosen.length}; leave the others out`,
				);
			return copy;
		},
		merge: (below, option) => {
			const merged = merge<Record<string, unknown>>(fields, below, option);
			const chosen = present(option);
			if (chosen.length === 0) return merged as Value;
			const remain = ([key]: [string, unknown]) =>
				!names.includes(key) || chosen.includes(key);
			return Object.fromEntries(Object.entries(merged).filter(remain)) as Value;
		},
		fields,
	};
}

export function defaultsOf<Table extends SettingTable>(
	table: Table,
): ValuesOf<Table> {
	return mapEntries(table, (setting) => setting.default) as ValuesOf<Table>;
}

/** A check for each key of the table. */
export function checksOf(table: SettingTable): Record<string, Check> {
	return mapEntries(table, (setting) => setting.check) as Record<string, Check>;
}

/**
 * The one way in which options override settings: each option that is not undefined goes over the value below it.
 * Keys that are not in the table are ignored.
 */
export function merge<Values extends object>(
	table: SettingTable,
	below: Values,
	options: object,
): Values {
	const merged = { ...below } as Record<string, unknown>;
	for (const [key, option] of Object.entries(options)) {
		const setting = table[key];
		if (!setting || option === undefined) continue;
		merged[key] = setting.merge(merged[key], option);
	}
	return merged as Values;
}

function checkFields(fields: SettingTable): Check {
	const checks = checksOf(fields);
	return (option, name) => checkOptions(option, name, checks);
}

function mapEntries(
	table: SettingTable,
	value: (setting: AnySetting) => unknown,
): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(table).map(([key, setting]) => [key, value(setting)]),
	);
}

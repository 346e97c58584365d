// A detection in the form in which the journal stores it.
import type { Detection } from "../detection.js";

/** The detection of one image by one configuration. The keys are part of the file format of images.jsonl. */
export interface StoredDetection {
	/** The anomaly score S. */
	readonly score: number;
	/** The global score S_G. */
	readonly global?: number;
	/** The maximum of the anomaly map M. */
	readonly local?: number;
	/** Mean similarity to the normal prompts. */
	readonly normal?: number;
	/** Numbers of normal and abnormal prompts that were kept. */
	readonly kept?: readonly [number, number];
	/** Numbers of normal and abnormal prompts. */
	readonly of?: readonly [number, number];
	readonly ambiguous?: boolean;
	readonly reasons?: readonly (readonly [text: string, similarity: number])[];
	readonly map?: StoredMap;
}

export interface StoredMap {
	readonly width: number;
	readonly height: number;
	/** [height * width] little-endian 32-bit floats in base64. */
	readonly data: string;
}

const maxReasons = 3;

export function toStoredDetection(result: Detection): StoredDetection {
	const { score, globalScore, localScore, prompts, reasons } = result;
	const hasPrompts = prompts.of[0] > 0;
	const normal = hasPrompts ? normalSimilarity(result) : undefined;
	const map = toStoredMap(result);
	return {
		score,
		...(globalScore !== undefined && { global: globalScore }),
		...(localScore !== undefined && { local: localScore }),
		...(normal !== undefined && { normal }),
		...(hasPrompts && {
			kept: prompts.kept,
			of: prompts.of,
			ambiguous: prompts.ambiguous,
		}),
		...(reasons.length > 0 && {
			reasons: reasons
				.slice(0, maxReasons)
				.map(({ text, similarity }) => [text, similarity] as const),
		}),
		...(map && { map }),
	};
}

function normalSimilarity(result: Detection): number | undefined {
	const normals = result
		.judgedPrompts()
		.filter(({ label }) => label === "normal");
	if (normals.length === 0) return undefined;
	return (
		normals.reduce((sum, { similarity }) => sum + similarity, 0) /
		normals.length
	);
}

function toStoredMap({
	map,
	mapWidth,
	mapHeight,
}: Detection): StoredMap | undefined {
	if (map.length === 0) return undefined;
	const bytes = Buffer.from(map.buffer, map.byteOffset, map.byteLength);
	return { width: mapWidth, height: mapHeight, data: bytes.toString("base64") };
}

/** The values of a stored map, [height * width]. */
export function decodeMap({ data, width, height }: StoredMap): Float32Array {
	// A copy, because the offset of a Buffer in its pool may not be aligned to 4 bytes.
	const bytes = Uint8Array.from(Buffer.from(data, "base64"));
	return new Float32Array(bytes.buffer, 0, width * height);
}

/** Whether a value of a JSON file is a detection. */
export function isStoredDetection(value: unknown): value is StoredDetection {
	if (typeof value !== "object" || value === null) return false;
	const { score, global, local, normal, kept, of, ambiguous, reasons, map } =
		value as Partial<Record<keyof StoredDetection, unknown>>;
	const isOptional = (part: unknown, check: (part: unknown) => boolean) =>
		part === undefined || check(part);
	return (
		Number.isFinite(score) &&
		[global, local, normal].every((part) =>
			isOptional(part, Number.isFinite),
		) &&
		[kept, of].every((part) => isOptional(part, isCountPair)) &&
		isOptional(ambiguous, (part) => typeof part === "boolean") &&
		isOptional(reasons, isReasonList) &&
		isOptional(map, isStoredMap)
	);
}

function isCountPair(value: unknown): boolean {
	return (
		Array.isArray(value) &&
		value.length === 2 &&
		value.every((count) => Number.isSafeInteger(count) && count >= 0)
	);
}

function isReasonList(value: unknown): boolean {
	return (
		Array.isArray(value) &&
		value.every(
			(reason) =>
				Array.isArray(reason) &&
				reason.length === 2 &&
				typeof reason[0] === "string" &&
				Number.isFinite(reason[1]),
		)
	);
}

function isStoredMap(value: unknown): boolean {
	const { width, height, data } = (value ?? {}) as Partial<
		Record<keyof StoredMap, unknown>
	>;
	const isSide = (side: unknown) =>
		Number.isSafeInteger(side) && (side as number) > 0;
	if (!isSide(width) || !isSide(height) || typeof data !== "string")
		return false;
	const bytes = 4 * (width as number) * (height as number);
	return data.length === 4 * Math.ceil(bytes / 3);
}

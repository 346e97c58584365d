import { rangeError } from "../errors.js";
import { wrongType } from "../options/validate.js";
import { isArray, readArray } from "../util/read-once.js";
import { type ArrayOf, isKind, plainView } from "../util/typed-arrays.js";

type Kind = "Float32Array" | "Uint8Array";

export interface PerImage<T> {
	/** Number of images. */
	images: number;
	/** The pixels of image i. Throws a RangeError if they have been transferred since the check. */
	of: (i: number) => T;
}

/** Access to the images of one array for all images, or of one array per image. `pixels`: of each image. */
export function perImage<K extends Kind>(
	arrays: unknown,
	name: string,
	kind: K,
	pixels: number,
): PerImage<ArrayOf<K>> {
	if (isKind(arrays, kind)) return slices(arrays, name, kind, pixels);
	if (!isArray(arrays))
		throw wrongType(`a ${kind} or an array of them`, name, arrays);
	return elements(readArray(arrays, name), name, kind, pixels);
}

function slices<K extends Kind>(
	values: ArrayOf<K>,
	name: string,
	kind: K,
	pixels: number,
): PerImage<ArrayOf<K>> {
	const array = plainView(values, kind);
	const { length } = array;
	if (length % pixels !== 0)
		throw rangeError(
			`Expected a multiple of ${pixels} (width * height) as length of ${name} but received ${length}`,
		);
	return {
		images: length / pixels,
		of: (i) => {
			if (array.length !== length)
				throw rangeError(
					`The bytes of ${name} were transferred or resized while they were read`,
				);
			return array.subarray(i * pixels, (i + 1) * pixels) as ArrayOf<K>;
		},
	};
}

function elements<K extends Kind>(
	list: unknown[],
	name: string,
	kind: K,
	pixels: number,
): PerImage<ArrayOf<K>> {
	const arrays = list.map((value, i) => {
		if (isKind(value, kind)) return plainView(value, kind);
		throw wrongType(`a ${kind}`, `${name}[${i}]`, value);
	});
	const of = (i: number) => {
		const array = arrays[i]!;
		if (array.length !== pixels)
			throw rangeError(
				`Expected ${pixels} pixels (width * height) for ${name}[${i}] but received ${array.length}`,
			);
		return array;
	};
	for (const i of arrays.keys()) of(i);
	return { images: arrays.length, of };
}

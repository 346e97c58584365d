import { rangeError } from "../errors.js";
import { wrongType } from "../options/validate.js";

export interface PerImage<T> {
	/** Number of images. */
	images: number;
	/** The pixels of image i. Throws a RangeError if they have been transferred since the check. */
	of: (i: number) => T;
}

/** Access to the images of one array for all images, or of one array per image. `pixels`: of each image. */
export function perImage<T extends Float32Array | Uint8Array>(
	arrays: T | readonly T[],
	name: string,
	type: new (length: number) => T,
	pixels: number,
): PerImage<T> {
	if (arrays instanceof type) return slices(arrays, name, pixels);
	if (!Array.isArray(arrays))
		throw wrongType(`a ${type.name} or an array of them`, name, arrays);
	return elements([...(arrays as readonly T[])], name, type, pixels);
}

function slices<T extends Float32Array | Uint8Array>(
	array: T,
	name: string,
	pixels: number,
): PerImage<T> {
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
			return array.subarray(i * pixels, (i + 1) * pixels) as T;
		},
	};
}

function elements<T extends Float32Array | Uint8Array>(
	list: T[],
	name: string,
	type: new (length: number) => T,
	pixels: number,
): PerImage<T> {
	const of = (i: number) => {
		const array = list[i]!;
		if (array.length !== pixels)
			throw rangeError(
				`Expected ${pixels} pixels (width * height) for ${name}[${i}] but received ${array.length}`,
			);
		return array;
	};
	for (const [i, array] of list.entries()) {
		if (!(array instanceof type))
			throw wrongType(`a ${type.name}`, `${name}[${i}]`, array);
		of(i);
	}
	return { images: list.length, of };
}

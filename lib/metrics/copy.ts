import { copyBytes } from "../images/pixels.js";

/**
 * A copy, made in slices with turns of the event loop between them. Throws a RangeError if the array is transferred
 * meanwhile; `name` is for the message.
 */
export async function copyArray<
	T extends Uint8Array | Float32Array | Float64Array,
>(array: T, name: string): Promise<T> {
	const ArrayType = array.constructor as new (
		from: number | ArrayBufferLike,
	) => T;
	// No view of a transferred buffer can be made.
	if (array.byteLength === 0) return new ArrayType(0);
	const bytes = await copyBytes(
		new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
		name,
	);
	return new ArrayType(bytes.buffer);
}

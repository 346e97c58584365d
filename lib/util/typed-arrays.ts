// Typed arrays of users: of any realm (Jest, vm), of subclasses, over shared, resizable and transferred buffers.
import { types } from "node:util";

const kinds = {
	Uint8Array,
	Uint8ClampedArray,
	Float32Array,
	Float64Array,
};
export type Kind = keyof typeof kinds;
export type ArrayOf<K extends Kind> = InstanceType<(typeof kinds)[K]>;

// The getters of the language itself, because a subclass can replace them.
const prototype: object = Object.getPrototypeOf(Uint8Array.prototype);
const getter = (key: string | symbol) =>
	Object.getOwnPropertyDescriptor(prototype, key)!.get!;
const getKind = getter(Symbol.toStringTag);
const getBuffer = getter("buffer");
const getByteOffset = getter("byteOffset");
const getLength = getter("length");

export function isKind<K extends Kind>(
	value: unknown,
	...expected: K[]
): value is ArrayOf<K> {
	return (expected as unknown[]).includes(getKind.call(value));
}

/**
 * A view of the same memory, of this realm and without a subclass. It is empty if the memory has been transferred or
 * the buffer has become too small.
 */
export function plainView<K extends Kind>(
	array: ArrayBufferView,
	kind: K,
): ArrayOf<K> {
	const ArrayType = kinds[kind] as unknown as new (
		buffer?: ArrayBufferLike,
		byteOffset?: number,
		length?: number,
	) => ArrayOf<K>;
	const length: number = getLength.call(array);
	// No view of a transferred buffer can be made.
	if (length === 0) return new ArrayType();
	return new ArrayType(
		getBuffer.call(array),
		getByteOffset.call(array),
		length,
	);
}

/** The array itself, or a copy if other threads may write to its memory. */
export function unshared<T extends Uint8Array | Float32Array | Float64Array>(
	array: T,
): T {
	return types.isSharedArrayBuffer(array.buffer) ? (array.slice() as T) : array;
}

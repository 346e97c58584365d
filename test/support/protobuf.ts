// The protobuf wire format, as far as ONNX files use it.

export interface Field {
	number: number;
	value: bigint | Buffer;
}

/** The fields of one message in their order; throws where the bytes are no whole message. */
export function fields(message: Buffer): Field[] {
	const found: Field[] = [];
	let at = 0;
	const varint = () => {
		let value = 0n;
		for (let shift = 0n; ; shift += 7n) {
			if (at >= message.length || shift > 63n)
				throw new Error(`a varint runs past byte ${at}`);
			const byte = message[at++]!;
			value |= BigInt(byte & 127) << shift;
			if (byte < 128) return value;
		}
	};
	const bytes = (length: number) => {
		if (at + length > message.length)
			throw new Error(
				`${length} bytes are claimed at ${at} of ${message.length}`,
			);
		return message.subarray(at, (at += length));
	};
	while (at < message.length) {
		const key = varint();
		const number = Number(key >> 3n);
		const wire = Number(key & 7n);
		if (number === 0) throw new Error(`field 0 at ${at}`);
		if (wire === 0) found.push({ number, value: varint() });
		else if (wire === 1 || wire === 5)
			found.push({ number, value: bytes(wire === 1 ? 8 : 4) });
		else if (wire === 2) found.push({ number, value: bytes(Number(varint())) });
		else throw new Error(`wire type ${wire} at ${at}`);
	}
	return found;
}

export const messages = (all: Field[], number: number): Field[][] =>
	all
		.filter((each) => each.number === number)
		.map(({ value }) => fields(value as Buffer));

export const texts = (all: Field[], number: number): string[] =>
	all
		.filter((each) => each.number === number)
		.map(({ value }) => (value as Buffer).toString("utf8"));

/** Repeated integers, packed or not. */
export function integers(all: Field[], number: number): number[] {
	return all
		.filter((each) => each.number === number)
		.flatMap(({ value }) => {
			if (typeof value === "bigint") return [Number(BigInt.asIntN(64, value))];
			const packed: number[] = [];
			let current = 0n;
			let shift = 0n;
			for (const byte of value) {
				current |= BigInt(byte & 127) << shift;
				shift += 7n;
				if (byte < 128) {
					packed.push(Number(BigInt.asIntN(64, current)));
					current = shift = 0n;
				}
			}
			return packed;
		});
}

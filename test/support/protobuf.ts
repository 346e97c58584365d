// The protobuf wire format, as far as ONNX files use it.

export interface Field {
	number: number;
	value: bigint | Buffer;
}

/** The fields of one message, in their order. Throws if the bytes are not a complete message. */
export function parseFields(message: Buffer): Field[] {
	const fields: Field[] = [];
	let offset = 0;
	const readVarint = () => {
		let value = 0n;
		for (let shift = 0n; ; shift += 7n) {
			if (offset >= message.length || shift > 63n)
				throw new Error(`a varint does not end before byte ${offset}`);
			const byte = message[offset++]!;
			value |= BigInt(byte & 127) << shift;
			if (byte < 128) return value;
		}
	};
	const readBytes = (length: number) => {
		const end = offset + length;
		if (end > message.length) {
			throw new Error(
				`the message has ${message.length} bytes, but a field claims ${length} from byte ${offset}`,
			);
		}
		const bytes = message.subarray(offset, end);
		offset = end;
		return bytes;
	};
	const readValue = (wireType: number) => {
		if (wireType === 0) return readVarint();
		if (wireType === 1) return readBytes(8);
		if (wireType === 2) return readBytes(Number(readVarint()));
		if (wireType === 5) return readBytes(4);
		throw new Error(`wire type ${wireType} before byte ${offset}`);
	};
	while (offset < message.length) {
		const key = readVarint();
		const number = Number(key >> 3n);
		if (number === 0) throw new Error(`field 0 before byte ${offset}`);
		fields.push({ number, value: readValue(Number(key & 7n)) });
	}
	return fields;
}

const valuesOf = (fields: Field[], number: number) =>
	fields.filter((field) => field.number === number).map(({ value }) => value);

/** The messages with this field number, parsed. */
export function messages(fields: Field[], number: number): Field[][] {
	return valuesOf(fields, number).map((value) => parseFields(value as Buffer));
}

/** The strings with this field number. */
export function texts(fields: Field[], number: number): string[] {
	return valuesOf(fields, number).map((value) =>
		(value as Buffer).toString("utf8"),
	);
}

/** The integers with this field number, packed or not. */
export function integers(fields: Field[], number: number): number[] {
	return valuesOf(fields, number).flatMap((value) =>
		typeof value === "bigint" ? [toNumber(value)] : unpackIntegers(value),
	);
}

function unpackIntegers(bytes: Buffer): number[] {
	const values: number[] = [];
	let value = 0n;
	let shift = 0n;
	for (const byte of bytes) {
		value |= BigInt(byte & 127) << shift;
		shift += 7n;
		if (byte >= 128) continue;
		values.push(toNumber(value));
		value = 0n;
		shift = 0n;
	}
	return values;
}

const toNumber = (value: bigint) => Number(BigInt.asIntN(64, value));

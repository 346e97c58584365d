// safetensors files, read and written without any check: 8 bytes with the header's length, the
// header (JSON), the data.
import { readFileSync, writeFileSync } from "node:fs";

export interface TensorEntry {
	dtype: string;
	shape: number[];
	data_offsets: [number, number];
}

export interface Safetensors {
	header: Record<string, TensorEntry>;
	data: Buffer;
}

export function readSafetensors(path: string): Safetensors {
	const file = readFileSync(path);
	const length = Number(file.readBigUInt64LE(0));
	const { __metadata__, ...header } = JSON.parse(
		file.toString("utf8", 8, 8 + length),
	);
	return { header, data: file.subarray(8 + length) };
}

/** `claimedLength` replaces the true length of the header. */
export function writeSafetensors(
	path: string,
	header: unknown,
	data: Buffer,
	claimedLength?: bigint,
): void {
	const text = Buffer.from(
		typeof header === "string" ? header : JSON.stringify(header),
	);
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(claimedLength ?? BigInt(text.length));
	writeFileSync(path, Buffer.concat([length, text, data]));
}

/** The same file without the tensors for which `drop` is true; the data of the others has no gaps. */
export function withoutTensors(
	{ header, data }: Safetensors,
	drop: (name: string) => boolean,
): Safetensors {
	const parts: Buffer[] = [];
	const kept: Record<string, TensorEntry> = {};
	let offset = 0;
	for (const [name, entry] of Object.entries(header)) {
		if (drop(name)) continue;
		const bytes = data.subarray(...entry.data_offsets);
		kept[name] = { ...entry, data_offsets: [offset, offset + bytes.length] };
		parts.push(bytes);
		offset += bytes.length;
	}
	return { header: kept, data: Buffer.concat(parts) };
}

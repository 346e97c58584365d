// safetensors read and written without any care for whether they make sense: 8 bytes of length, JSON, bytes.
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

export function writeSafetensors(
	path: string,
	header: unknown,
	data: Buffer,
	claimed?: bigint,
): void {
	const text = Buffer.from(
		typeof header === "string" ? header : JSON.stringify(header),
	);
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(claimed ?? BigInt(text.length));
	writeFileSync(path, Buffer.concat([length, text, data]));
}

/** The same file without the tensors that `drop` chooses, packed again without holes. */
export function without(
	{ header, data }: Safetensors,
	drop: (name: string) => boolean,
): Safetensors {
	const parts: Buffer[] = [];
	let at = 0;
	const kept = Object.entries(header)
		.filter(([name]) => !drop(name))
		.map(([name, entry]) => {
			const bytes = data.subarray(...entry.data_offsets);
			parts.push(bytes);
			return [name, { ...entry, data_offsets: [at, (at += bytes.length)] }] as [
				string,
				TensorEntry,
			];
		});
	return { header: Object.fromEntries(kept), data: Buffer.concat(parts) };
}

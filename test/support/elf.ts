// Shared libraries that hold nothing but what they say of themselves, for x86-64 Linux.
export interface FakeElf {
	needed?: string[];
	soname?: string;
	versions?: string[];
	machine?: number;
}

export const elfHeader = 64,
	segmentBytes = 56;

/** One segment maps the file to address 0x1000 on: addresses differ from offsets, as in real files. */
export function fakeElf({
	needed = [],
	soname,
	versions = [],
	machine = 62,
}: FakeElf = {}): Buffer {
	const base = 0x1000;
	const names = [
		"",
		...needed,
		...(soname === undefined ? [] : [soname]),
		...versions,
	];
	const at = new Map<string, number>();
	let strings = Buffer.alloc(0);
	for (const name of names) {
		at.set(name, strings.length);
		strings = Buffer.concat([strings, Buffer.from(`${name}\0`)]);
	}
	const definitions = ["", ...versions].map((name, i, all) => {
		const entry = Buffer.alloc(28);
		entry.writeUInt16LE(1, 0);
		entry.writeUInt16LE(i === 0 ? 1 : 0, 2);
		entry.writeUInt16LE(i + 1, 4);
		entry.writeUInt16LE(1, 6);
		entry.writeUInt32LE(20, 12);
		entry.writeUInt32LE(i + 1 < all.length ? 28 : 0, 16);
		entry.writeUInt32LE(at.get(name)!, 20);
		return entry;
	});
	const stringsAt = elfHeader + 2 * segmentBytes,
		definitionsAt = stringsAt + strings.length,
		dynamicAt = definitionsAt + 28 * definitions.length;
	const entries: [number, number][] = [
		...needed.map((name): [number, number] => [1, at.get(name)!]),
		...(soname === undefined
			? []
			: [[14, at.get(soname)!] as [number, number]]),
		[5, base + stringsAt],
		[10, strings.length],
		...(versions.length > 0
			? ([
					[0x6ffffffc, base + definitionsAt],
					[0x6ffffffd, definitions.length],
				] as [number, number][])
			: []),
		[0, 0],
	];
	const dynamic = Buffer.alloc(16 * entries.length);
	entries.forEach(([tag, value], i) => {
		dynamic.writeBigInt64LE(BigInt(tag), i * 16);
		dynamic.writeBigUInt64LE(BigInt(value), i * 16 + 8);
	});
	const header = Buffer.alloc(elfHeader);
	header.write("\x7fELF", "latin1");
	header[4] = 2;
	header[5] = 1;
	header[6] = 1;
	header.writeUInt16LE(3, 16);
	header.writeUInt16LE(machine, 18);
	header.writeBigUInt64LE(64n, 32);
	header.writeUInt16LE(segmentBytes, 54);
	header.writeUInt16LE(2, 56);
	const segment = (type: number, offset: number, bytes: number) => {
		const made = Buffer.alloc(segmentBytes);
		made.writeUInt32LE(type, 0);
		made.writeBigUInt64LE(BigInt(offset), 8);
		made.writeBigUInt64LE(BigInt(base + offset), 16);
		made.writeBigUInt64LE(BigInt(bytes), 32);
		return made;
	};
	return Buffer.concat([
		header,
		segment(1, 0, dynamicAt + dynamic.length),
		segment(2, dynamicAt, dynamic.length),
		strings,
		...definitions,
		dynamic,
	]);
}

export const core = (version = "1.30.0") =>
	fakeElf({
		soname: "libonnxruntime.so.1",
		needed: ["libc.so.6"],
		versions: [`VERS_${version}`],
	});
export const provider = (...needed: string[]) =>
	fakeElf({
		needed: [...needed, "libc.so.6", "ld-linux-x86-64.so.2"],
		versions: ["VERS_1.0"],
	});
export const bridge = () =>
	fakeElf({
		soname: "libonnxruntime_providers_shared.so",
		needed: ["libc.so.6"],
	});

// Shared libraries for x86-64 Linux that contain only what the ELF reader reads.
export interface FakeElf {
	needed?: string[];
	soname?: string;
	versions?: string[];
	machine?: number;
}

export const elfHeaderBytes = 64;
export const segmentBytes = 56;
const definitionBytes = 28;
const entryBytes = 16;

const tags = {
	end: 0,
	needed: 1,
	strings: 5,
	stringBytes: 10,
	soname: 14,
	versions: 0x6ffffffc,
	versionCount: 0x6ffffffd,
};

/** Where the only segment is loaded. Addresses differ from offsets, as in real files. */
const baseAddress = 0x1000;

export function fakeElf({
	needed = [],
	soname,
	versions = [],
	machine = 62,
}: FakeElf = {}): Buffer {
	const sonames = soname === undefined ? [] : [soname];
	const { bytes: strings, offsetOf } = stringTable([
		"",
		...needed,
		...sonames,
		...versions,
	]);
	const definitions = versionDefinitions(["", ...versions], offsetOf);
	const stringsStart = elfHeaderBytes + 2 * segmentBytes;
	const definitionsStart = stringsStart + strings.length;
	const dynamicStart = definitionsStart + definitions.length;
	const versionEntries: [number, number][] = [
		[tags.versions, baseAddress + definitionsStart],
		[tags.versionCount, versions.length + 1],
	];
	const dynamic = dynamicSection([
		...needed.map((name): [number, number] => [tags.needed, offsetOf(name)]),
		...sonames.map((name): [number, number] => [tags.soname, offsetOf(name)]),
		[tags.strings, baseAddress + stringsStart],
		[tags.stringBytes, strings.length],
		...(versions.length > 0 ? versionEntries : []),
		[tags.end, 0],
	]);
	return Buffer.concat([
		elfHeader(machine),
		segment(1, 0, dynamicStart + dynamic.length),
		segment(2, dynamicStart, dynamic.length),
		strings,
		definitions,
		dynamic,
	]);
}

function stringTable(names: readonly string[]) {
	const offsets = new Map<string, number>();
	let bytes = Buffer.alloc(0);
	for (const name of names) {
		offsets.set(name, bytes.length);
		bytes = Buffer.concat([bytes, Buffer.from(`${name}\0`)]);
	}
	return { bytes, offsetOf: (name: string) => offsets.get(name)! };
}

/** The first definition is the file's own name. */
function versionDefinitions(
	names: readonly string[],
	offsetOf: (name: string) => number,
): Buffer {
	const definitions = names.map((name, i) => {
		const definition = Buffer.alloc(definitionBytes);
		const isLast = i + 1 === names.length;
		definition.writeUInt16LE(1, 0);
		definition.writeUInt16LE(i === 0 ? 1 : 0, 2);
		definition.writeUInt16LE(i + 1, 4);
		definition.writeUInt16LE(1, 6);
		definition.writeUInt32LE(20, 12);
		definition.writeUInt32LE(isLast ? 0 : definitionBytes, 16);
		definition.writeUInt32LE(offsetOf(name), 20);
		return definition;
	});
	return Buffer.concat(definitions);
}

function dynamicSection(entries: [tag: number, value: number][]): Buffer {
	const section = Buffer.alloc(entryBytes * entries.length);
	entries.forEach(([tag, value], i) => {
		section.writeBigInt64LE(BigInt(tag), i * entryBytes);
		section.writeBigUInt64LE(BigInt(value), i * entryBytes + 8);
	});
	return section;
}

function elfHeader(machine: number): Buffer {
	const header = Buffer.alloc(elfHeaderBytes);
	header.write("\x7fELF", "latin1");
	header[4] = 2; // 64 bits
	header[5] = 1; // little-endian
	header[6] = 1;
	header.writeUInt16LE(3, 16); // a shared library
	header.writeUInt16LE(machine, 18);
	header.writeBigUInt64LE(BigInt(elfHeaderBytes), 32);
	header.writeUInt16LE(segmentBytes, 54);
	header.writeUInt16LE(2, 56);
	return header;
}

function segment(type: number, offset: number, bytes: number): Buffer {
	const entry = Buffer.alloc(segmentBytes);
	entry.writeUInt32LE(type, 0);
	entry.writeBigUInt64LE(BigInt(offset), 8);
	entry.writeBigUInt64LE(BigInt(baseAddress + offset), 16);
	entry.writeBigUInt64LE(BigInt(bytes), 32);
	return entry;
}

export const fakeCore = (version = "1.30.0") =>
	fakeElf({
		soname: "libonnxruntime.so.1",
		needed: ["libc.so.6"],
		versions: [`VERS_${version}`],
	});

/** A CUDA provider that needs these libraries. */
export const fakeProvider = (...needed: string[]) =>
	fakeElf({
		needed: [...needed, "libc.so.6", "ld-linux-x86-64.so.2"],
		versions: ["VERS_1.0"],
	});

export const fakeSharedProvider = () =>
	fakeElf({
		soname: "libonnxruntime_providers_shared.so",
		needed: ["libc.so.6"],
	});

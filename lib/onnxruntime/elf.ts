// Reads from an ELF shared library (64 bits, little-endian) what it needs, its name, and the versions
// that it defines. The file may be anything: every offset is checked against the file, and every
// count against a limit.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

export interface Elf {
	/** e_machine of the header. */
	machine: number;
	/** Names of the libraries that it needs. */
	needed: string[];
	soname?: string;
	/** DT_RUNPATH, else DT_RPATH, without expansion of $ORIGIN. */
	runpath?: string;
	/** Names of the version definitions, without the file's own name. */
	versions: string[];
}

/** The `machine` of x86-64. */
export const x86Machine = 62;

const maxSegments = 1024;
const maxDynamicBytes = 2 ** 20;
const maxStringBytes = 2 ** 26;
const maxVersions = 1024;
const maxNameBytes = 4096;

const headerBytes = 64;
const segmentBytes = 56;
const sharedLibraryType = 3;
const loadSegment = 1;
const dynamicSegment = 2;

const tags = {
	needed: 1,
	strings: 5,
	stringBytes: 10,
	soname: 14,
	rpath: 15,
	runpath: 29,
	versions: 0x6ffffffc,
	versionCount: 0x6ffffffd,
};
const readTags: readonly number[] = Object.values(tags);

/**
 * Throws an Error whose message continues a sentence that starts with the file's name: "is not an
 * ELF file".
 */
export function readElf(file: string): Elf {
	const handle = openSync(file, "r");
	try {
		const stats = fstatSync(handle);
		if (!stats.isFile()) throw new Error("is not a file");
		return read(new BoundedFile(handle, stats.size));
	} finally {
		closeSync(handle);
	}
}

const damaged = (problem: string) =>
	new Error(`is a damaged ELF file: ${problem}`);

/** Reads from a file and checks each position against its size. */
class BoundedFile {
	readonly size: number;
	readonly #handle: number;

	constructor(handle: number, size: number) {
		this.#handle = handle;
		this.size = size;
	}

	read(offset: number, length: number): Buffer {
		if (offset + length > this.size) throw damaged("it ends too early");
		const buffer = Buffer.alloc(length);
		for (let done = 0; done < length; ) {
			const count = readSync(
				this.#handle,
				buffer,
				done,
				length - done,
				offset + done,
			);
			if (count === 0) throw damaged("it ends too early");
			done += count;
		}
		return buffer;
	}
}

interface Segment {
	type: number;
	/** Position in the file. */
	offset: number;
	/** Where the loader maps it. */
	address: number;
	bytes: number;
}

interface DynamicEntry {
	tag: number;
	value: number;
}

/** The string at an offset of the string table. */
type StringTable = (offset: number) => string;

function read(file: BoundedFile): Elf {
	const header = readHeader(file);
	const segments = readSegments(file, header);
	const dynamic = segments.find(({ type }) => type === dynamicSegment);
	if (!dynamic) throw new Error("is an ELF file without a dynamic section");
	checkCount(dynamic.bytes, maxDynamicBytes, "bytes in the dynamic section");
	const entries = readDynamic(file.read(dynamic.offset, dynamic.bytes));
	const firstValue = (tag: number) =>
		entries.find((entry) => entry.tag === tag)?.value;
	const strings = readStrings(
		file,
		segments,
		firstValue(tags.strings),
		firstValue(tags.stringBytes),
	);
	const stringOf = (tag: number) => {
		const offset = firstValue(tag);
		return offset === undefined ? undefined : strings(offset);
	};
	const soname = stringOf(tags.soname);
	const runpath = stringOf(tags.runpath) ?? stringOf(tags.rpath);
	const versions = firstValue(tags.versions);
	return {
		machine: header.readUInt16LE(18),
		needed: entries
			.filter(({ tag }) => tag === tags.needed)
			.map(({ value }) => strings(value)),
		...(soname !== undefined && { soname }),
		...(runpath !== undefined && { runpath }),
		versions:
			versions === undefined
				? []
				: readVersions(
						file,
						toOffset(segments, versions),
						firstValue(tags.versionCount) ?? 0,
						strings,
					),
	};
}

function readHeader(file: BoundedFile): Buffer {
	if (file.size < headerBytes) throw new Error("is not an ELF file");
	const header = file.read(0, headerBytes);
	if (header.toString("latin1", 0, 4) !== "\x7fELF")
		throw new Error("is not an ELF file");
	const is64Bits = header[4] === 2;
	const isLittleEndian = header[5] === 1;
	if (!is64Bits || !isLittleEndian)
		throw new Error("is not an ELF file of 64 bits, little-endian");
	if (header.readUInt16LE(16) !== sharedLibraryType)
		throw new Error("is an ELF file but not a shared library");
	return header;
}

function readSegments(file: BoundedFile, header: Buffer): Segment[] {
	const count = header.readUInt16LE(56);
	checkCount(count, maxSegments, "segments");
	if (count > 0 && header.readUInt16LE(54) !== segmentBytes)
		throw damaged("its segment table has an unknown format");
	const table = file.read(
		toNumber(header.readBigUInt64LE(32)),
		count * segmentBytes,
	);
	return Array.from({ length: count }, (_, i) => {
		const start = i * segmentBytes;
		return {
			type: table.readUInt32LE(start),
			offset: toNumber(table.readBigUInt64LE(start + 8)),
			address: toNumber(table.readBigUInt64LE(start + 16)),
			bytes: toNumber(table.readBigUInt64LE(start + 32)),
		};
	});
}

/** The entries with a tag that is used here. The values of other tags may be anything. */
function readDynamic(table: Buffer): DynamicEntry[] {
	const entries: DynamicEntry[] = [];
	for (let at = 0; at + 16 <= table.length; at += 16) {
		const tag = Number(table.readBigInt64LE(at));
		if (tag === 0) break;
		if (!readTags.includes(tag)) continue;
		entries.push({ tag, value: toNumber(table.readBigUInt64LE(at + 8)) });
	}
	return entries;
}

function readStrings(
	file: BoundedFile,
	segments: readonly Segment[],
	address: number | undefined,
	bytes: number | undefined,
): StringTable {
	let table: Buffer = Buffer.alloc(0);
	if (address !== undefined && bytes !== undefined) {
		checkCount(bytes, maxStringBytes, "bytes in the string table");
		table = file.read(toOffset(segments, address), bytes);
	}
	return (offset) => {
		const end = offset < table.length ? table.indexOf(0, offset) : -1;
		if (end < 0 || end - offset > maxNameBytes)
			throw damaged("a name is outside of the string table");
		return table.toString("utf8", offset, end);
	};
}

function readVersions(
	file: BoundedFile,
	start: number,
	count: number,
	strings: StringTable,
): string[] {
	checkCount(count, maxVersions, "versions");
	const names: string[] = [];
	let at = start;
	for (let i = 0; i < count; i++) {
		const entry = file.read(at, 20);
		const isOwnName = (entry.readUInt16LE(2) & 1) !== 0;
		const hasName = entry.readUInt16LE(6) > 0;
		if (!isOwnName && hasName) {
			const name = file.read(at + entry.readUInt32LE(12), 8);
			names.push(strings(name.readUInt32LE(0)));
		}
		const next = entry.readUInt32LE(16);
		if (next === 0) break;
		at += next;
	}
	return names;
}

/** The position in the file of an address that the loader maps. */
function toOffset(segments: readonly Segment[], address: number): number {
	const segment = segments.find(
		(each) =>
			each.type === loadSegment &&
			address >= each.address &&
			address < each.address + each.bytes,
	);
	if (!segment) throw damaged("an address is in no segment");
	return segment.offset + (address - segment.address);
}

function toNumber(value: bigint): number {
	if (value > BigInt(Number.MAX_SAFE_INTEGER))
		throw damaged("an offset is larger than any file");
	return Number(value);
}

function checkCount(value: number, max: number, unit: string): void {
	if (value > max)
		throw damaged(`it has ${value} ${unit}, but at most ${max} are accepted`);
}

// What an ELF shared library says of itself: what it needs, its name and the versions it defines. 64 bits, little-endian.
// Every offset is checked against the file, every count against a bound: the file may be anything.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

export interface Elf {
	/** e_machine; 62 is x86-64. */
	machine: number;
	needed: string[];
	soname?: string;
	/** DT_RUNPATH, else DT_RPATH; unexpanded. */
	runpath?: string;
	/** Names of version definitions, the file's own name (the base) left out. */
	versions: string[];
}

export const x86 = 62;

const mostSegments = 1024,
	mostDynamic = 2 ** 20,
	mostStrings = 2 ** 26,
	mostVersions = 1024;
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

/** Throws an Error whose message goes on after the file's name: "is no ELF file". */
export function readElf(file: string): Elf {
	const handle = openSync(file, "r");
	try {
		const found = fstatSync(handle);
		if (!found.isFile()) throw new Error("is no file");
		return read(new Bytes(handle, found.size));
	} finally {
		closeSync(handle);
	}
}

class Bytes {
	constructor(
		readonly handle: number,
		readonly size: number,
	) {}

	at(offset: number, length: number): Buffer {
		if (offset + length > this.size)
			throw new Error(
				"is a damaged ELF file: it ends before what it points to",
			);
		const buffer = Buffer.alloc(length);
		for (let got = 0; got < length; ) {
			const read = readSync(
				this.handle,
				buffer,
				got,
				length - got,
				offset + got,
			);
			if (read === 0)
				throw new Error(
					"is a damaged ELF file: it ends before what it points to",
				);
			got += read;
		}
		return buffer;
	}
}

function exact(value: bigint): number {
	if (value > BigInt(Number.MAX_SAFE_INTEGER))
		throw new Error("is a damaged ELF file: an offset is beyond all files");
	return Number(value);
}

function bounded(value: number, most: number, what: string): number {
	if (value > most)
		throw new Error(
			`is a damaged ELF file: ${value} ${what}, ${most} at most are believed`,
		);
	return value;
}

interface Segment {
	type: number;
	offset: number;
	address: number;
	bytes: number;
}

function read(file: Bytes): Elf {
	if (file.size < 64) throw new Error("is no ELF file");
	const header = file.at(0, 64);
	if (header.toString("latin1", 0, 4) !== "\x7fELF")
		throw new Error("is no ELF file");
	if (header[4] !== 2 || header[5] !== 1)
		throw new Error("is no ELF file of 64 bits, little-endian");
	if (header.readUInt16LE(16) !== 3)
		throw new Error("is an ELF file but no shared library");
	const segments = readSegments(file, header);
	const dynamic = segments.find(({ type }) => type === 2);
	if (!dynamic) throw new Error("is an ELF file without a dynamic section");
	const entries = readDynamic(
		file.at(
			dynamic.offset,
			bounded(dynamic.bytes, mostDynamic, "bytes of dynamic section"),
		),
	);
	const first = (tag: number) =>
		entries.find((each) => each.tag === tag)?.value;
	const strings = stringsOf(
		file,
		segments,
		first(tags.strings),
		first(tags.stringBytes),
	);
	const named = (tag: number) => {
		const at = first(tag);
		return at === undefined ? undefined : strings(at);
	};
	const soname = named(tags.soname),
		runpath = named(tags.runpath) ?? named(tags.rpath);
	const versionsAt = first(tags.versions);
	return {
		machine: header.readUInt16LE(18),
		needed: entries
			.filter(({ tag }) => tag === tags.needed)
			.map(({ value }) => strings(value)),
		...(soname !== undefined && { soname }),
		...(runpath !== undefined && { runpath }),
		versions:
			versionsAt === undefined
				? []
				: readVersions(
						file,
						offsetOf(segments, versionsAt),
						first(tags.versionCount) ?? 0,
						strings,
					),
	};
}

function readSegments(file: Bytes, header: Buffer): Segment[] {
	const count = bounded(header.readUInt16LE(56), mostSegments, "segments"),
		width = header.readUInt16LE(54);
	if (count > 0 && width !== 56)
		throw new Error("is a damaged ELF file: its segments have no known form");
	const table = file.at(exact(header.readBigUInt64LE(32)), count * 56);
	return Array.from({ length: count }, (_, i) => ({
		type: table.readUInt32LE(i * 56),
		offset: exact(table.readBigUInt64LE(i * 56 + 8)),
		address: exact(table.readBigUInt64LE(i * 56 + 16)),
		bytes: exact(table.readBigUInt64LE(i * 56 + 32)),
	}));
}

function readDynamic(table: Buffer): { tag: number; value: number }[] {
	const entries: { tag: number; value: number }[] = [];
	for (let at = 0; at + 16 <= table.length; at += 16) {
		const tag = table.readBigInt64LE(at);
		if (tag === 0n) break;
		// Values of tags that are not read here may be anything.
		if (Object.values(tags).includes(Number(tag)))
			entries.push({
				tag: Number(tag),
				value: exact(table.readBigUInt64LE(at + 8)),
			});
	}
	return entries;
}

/** Addresses are where the loader maps the file to; this is where in the file they are. */
function offsetOf(segments: readonly Segment[], address: number): number {
	const holder = segments.find(
		(each) =>
			each.type === 1 &&
			address >= each.address &&
			address < each.address + each.bytes,
	);
	if (!holder)
		throw new Error("is a damaged ELF file: an address lies in no segment");
	return holder.offset + (address - holder.address);
}

function stringsOf(
	file: Bytes,
	segments: readonly Segment[],
	address: number | undefined,
	bytes: number | undefined,
): (at: number) => string {
	const table =
		address === undefined || bytes === undefined
			? Buffer.alloc(0)
			: file.at(
					offsetOf(segments, address),
					bounded(bytes, mostStrings, "bytes of names"),
				);
	return (at) => {
		const end = at < table.length ? table.indexOf(0, at) : -1;
		if (end < 0 || end - at > 4096)
			throw new Error(
				"is a damaged ELF file: a name lies outside of its table",
			);
		return table.toString("utf8", at, end);
	};
}

function readVersions(
	file: Bytes,
	start: number,
	count: number,
	strings: (at: number) => string,
): string[] {
	const names: string[] = [];
	for (
		let i = 0, at = start;
		i < bounded(count, mostVersions, "versions");
		i++
	) {
		const entry = file.at(at, 20),
			next = entry.readUInt32LE(16);
		const isBase = (entry.readUInt16LE(2) & 1) !== 0;
		if (!isBase && entry.readUInt16LE(6) > 0)
			names.push(
				strings(file.at(at + entry.readUInt32LE(12), 8).readUInt32LE(0)),
			);
		if (next === 0) break;
		at += next;
	}
	return names;
}

// .tgz archives written byte by byte, so that they can be wrong in any way.
import { gzipSync } from "node:zlib";

/** Types of entries in a tar archive. */
export const entryType = {
	file: "0",
	hardLink: "1",
	symbolicLink: "2",
	device: "3",
	folder: "5",
};

export interface Entry {
	name: string;
	content?: Buffer;
	/** One of `entryType`. Default: a file. */
	type?: string;
	link?: string;
	/** The size that the header states. Default: that of the content. */
	size?: number;
}

const blockBytes = 512;

export const tgz = (...entries: Entry[]) => gzipSync(tar(entries));

export function tar(entries: readonly Entry[]): Buffer {
	const blocks = entries.flatMap((entry) => {
		const { content = Buffer.alloc(0) } = entry;
		const padding = (blockBytes - (content.length % blockBytes)) % blockBytes;
		return [tarHeader(entry), content, Buffer.alloc(padding)];
	});
	return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

function tarHeader({
	name,
	content,
	type = entryType.file,
	link = "",
	size = content?.length ?? 0,
}: Entry): Buffer {
	const header = Buffer.alloc(blockBytes);
	header.write(name, 0, 100);
	header.write("0000644\0", 100);
	header.write("0000000\0", 108);
	header.write("0000000\0", 116);
	header.write(`${octal(size, 11)}\0`, 124);
	header.write("00000000000\0", 136);
	header.write("        ", 148); // the checksum counts as spaces
	header.write(type, 156);
	header.write(link, 157, 100);
	header.write("ustar\x0000", 257);
	const checksum = header.reduce((sum, byte) => sum + byte, 0);
	header.write(`${octal(checksum, 6)}\0 `, 148);
	return header;
}

const octal = (value: number, digits: number) =>
	value.toString(8).padStart(digits, "0");

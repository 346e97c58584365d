// .tgz archives written by hand, so that they can be as wrong as anybody's.
import { gzipSync } from "node:zlib";

/** type: '0' a file, '1' a hard link, '2' a symbolic link, '3' a device, '5' a folder. */
export interface Entry {
	name: string;
	content?: Buffer;
	type?: string;
	link?: string;
	size?: number;
}

export function tar(entries: readonly Entry[]): Buffer {
	const blocks = entries.flatMap(
		({
			name,
			content = Buffer.alloc(0),
			type = "0",
			link = "",
			size = content.length,
		}) => {
			const header = Buffer.alloc(512);
			header.write(name, 0, 100);
			header.write("0000644\0", 100);
			header.write("0000000\0", 108);
			header.write("0000000\0", 116);
			header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
			header.write("00000000000\0", 136);
			header.write("        ", 148);
			header.write(type, 156);
			header.write(link, 157, 100);
			header.write("ustar\x0000", 257);
			header.write(
				`${header
					.reduce((sum, byte) => sum + byte, 0)
					.toString(8)
					.padStart(6, "0")}\0 `,
				148,
			);
			return [
				header,
				content,
				Buffer.alloc((512 - (content.length % 512)) % 512),
			];
		},
	);
	return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export const tgz = (...entries: Entry[]) => gzipSync(tar(entries));

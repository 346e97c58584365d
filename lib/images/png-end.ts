const signatureBytes = 8;
const chunkOverhead = 12; // length, type and checksum

/**
 * What is missing at the end of a PNG file; undefined if its chunks are complete, or if it is not a PNG file. The
 * decoder stops after the last pixel and does not notice.
 */
export function missingPngEnd(bytes: Uint8Array): string | undefined {
	const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (file.toString("latin1", 1, 4) !== "PNG") return undefined;
	let at = signatureBytes;
	while (at + chunkOverhead <= file.length) {
		if (file.toString("latin1", at + 4, at + 8) === "IEND") return undefined;
		at += chunkOverhead + file.readUInt32BE(at);
	}
	return "the PNG file ends before its IEND chunk";
}

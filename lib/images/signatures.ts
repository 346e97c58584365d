// Image formats that are recognised by their first bytes although they are not supported, so that the error names the
// format instead of calling a valid file broken.

interface Signature {
	format: string;
	/** Latin-1 text, and where it stands in the file. */
	text: string;
	offset?: number;
}

const signatures: readonly Signature[] = [
	{ format: "JPEG XL", text: "\xff\x0a" },
	{ format: "JPEG XL", text: "\0\0\0\x0cJXL " },
	{ format: "JPEG 2000", text: "\0\0\0\x0cjP  " },
	{ format: "JPEG 2000", text: "\xff\x4f\xff\x51" },
	{ format: "JPEG XR", text: "II\xbc" },
	{ format: "Photoshop", text: "8BPS" },
	{ format: "OpenEXR", text: "v/1\x01" },
	{ format: "Radiance HDR", text: "#?RADIANCE" },
	{ format: "Radiance HDR", text: "#?RGBE" },
	{ format: "DICOM", text: "DICM", offset: 128 },
	{ format: "FITS", text: "SIMPLE  =" },
	{ format: "DirectDraw (DDS)", text: "DDS " },
	{ format: "QOI", text: "qoif" },
	{ format: "PDF", text: "%PDF-" },
	{ format: "PAM", text: "P7\n" },
	{ format: "PFM (floating point)", text: "Pf\n" },
	{ format: "PFM (floating point)", text: "PF\n" },
	{ format: "XCF (GIMP)", text: "gimp xcf" },
	{ format: "Fuji raw", text: "FUJIFILMCCD-RAW" },
	{ format: "NumPy", text: "\x93NUMPY" },
];

const hevcBrands = /hei[cxms]|hev[cxms]/;

/** The name of the format if the file has one that is known but not supported. */
export function unsupportedFormat(bytes: Uint8Array): string | undefined {
	const start = Buffer.from(
		bytes.buffer,
		bytes.byteOffset,
		Math.min(bytes.byteLength, 256),
	).toString("latin1");
	if (start.startsWith("ftyp", 4)) return unsupportedBrand(start);
	return signatures.find(({ text, offset = 0 }) =>
		start.startsWith(text, offset),
	)?.format;
}

/** HEIF files hold one of several codecs; the brands in the first box say which. */
function unsupportedBrand(start: string): string | undefined {
	const length = [0, 1, 2, 3].reduce(
		(sum, i) => sum * 256 + start.charCodeAt(i),
		0,
	);
	const brands = start.slice(8, Math.min(length, start.length));
	if (/avi[fs]/.test(brands)) return undefined;
	if (hevcBrands.test(brands)) return "HEIC (codec HEVC)";
	if (/crx /.test(brands)) return "Canon raw (CR3)";
	if (/qt {2}|mp4|isom|M4V/.test(brands)) return "video";
	return undefined;
}

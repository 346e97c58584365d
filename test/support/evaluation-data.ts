// Pictures for datasets that tests make.
import sharp from "sharp";

/** A small grey PNG. */
export const png = await sharp({
	create: { width: 16, height: 16, channels: 3, background: "#888" },
})
	.png()
	.toBuffer();

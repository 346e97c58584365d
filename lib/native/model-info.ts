/** What an open model is and where it runs. Part of `engine.info`. */
export interface ModelInfo {
	/** The checkpoint's layout, such as 'open_clip'. */
	layout: string;
	/** Identifies the checkpoint's weights. */
	hash: string;
	/** 'cpu' or 'cuda:0'. */
	device: string;
	deviceName: string;
	/** Number format of the image tower: 'fp32', 'int8' or 'fp16'. */
	precision: string;
	/** Version of ONNX Runtime. */
	ortVersion: string;
	/** CPU threads. */
	threads: number;
	/** E, the length of embeddings. */
	embedDim: number;
	/** Side in pixels to which images are resized; 0 without an image tower. */
	imageSize: number;
	/** Side of a patch in pixels. */
	patch: number;
	/** Patches per side. */
	grid: number;
	/** Blocks of the image tower; 0 without one. */
	layers: number;
	/** Maximum tokens of a text; 0 without a text tower. */
	context: number;
	/** Number of different tokens; 0 without a text tower. */
	vocabulary: number;
	weightBytes: number;
	/** Bytes of GPU memory beside those of forwards; 0 on the CPU. */
	deviceBytes: number;
}

// Writes a ViT-B-16-plus-240 in open_clip's layout with seeded random weights (830 MB), for benchmarks: the values of
// the weights do not change the speed.
//   node bench/random-checkpoint.mjs [FOLDER] [--tokenizer FOLDER] [--seed N]
// Default: a folder in the cache, and the tokenizer of the demo model, whose tokens are among CLIP's 49,408.
import {
	closeSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	openSync,
	renameSync,
	rmSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cacheDirectory } from "../dist/cache/directory.js";

const vision = { image_size: 240, layers: 12, width: 896, patch_size: 16 };
const text = {
	context_length: 77,
	vocab_size: 49408,
	width: 640,
	heads: 10,
	layers: 12,
};
const embedDim = 640;
const config = {
	model_cfg: { embed_dim: embedDim, vision_cfg: vision, text_cfg: text },
	preprocess_cfg: {
		mean: [0.48145466, 0.4578275, 0.40821073],
		std: [0.26862954, 0.26130258, 0.27577711],
		interpolation: "bicubic",
		resize_mode: "shortest",
	},
};
const weightsName = "open_clip_model.safetensors";
const demoModel = fileURLToPath(new URL("../models/demo", import.meta.url));

export function fullSizeFolder() {
	return join(cacheDirectory(), "bench", "ViT-B-16-plus-240-random");
}

/** Writes the checkpoint unless the folder has one. Returns the folder. */
export function randomCheckpoint(
	folder,
	{ tokenizer = demoModel, seed = 240 } = {},
) {
	const weights = join(folder, weightsName);
	if (existsSync(weights)) return folder;
	mkdirSync(folder, { recursive: true });
	writeFileSync(
		join(folder, "open_clip_config.json"),
		`${JSON.stringify(config, null, 2)}\n`,
	);
	const tokenizerName = "tokenizer.json";
	copyFileSync(join(tokenizer, tokenizerName), join(folder, tokenizerName));
	const partial = `${weights}.${process.pid}.part`;
	try {
		writeWeights(partial, seed);
		renameSync(partial, weights);
	} finally {
		rmSync(partial, { force: true });
	}
	return folder;
}

/** Yields name, shape, standard deviation (default: see writeWeights) and mean (default 0) of each tensor. */
function* tensors() {
	const { width, patch_size: patch, image_size: imageSize } = vision;
	const positions = (imageSize / patch) ** 2 + 1;
	yield ["visual.class_embedding", [width], 1];
	yield ["visual.positional_embedding", [positions, width], 0.5];
	yield ["visual.conv1.weight", [width, 3, patch, patch]];
	yield* layerNorm("visual.ln_pre", width);
	yield* blocks("visual.", vision);
	yield* layerNorm("visual.ln_post", width);
	yield ["visual.proj", [width, embedDim], width ** -0.5];
	yield ["token_embedding.weight", [text.vocab_size, text.width], 1];
	yield ["positional_embedding", [text.context_length, text.width], 0.5];
	yield* blocks("", text);
	yield* layerNorm("ln_final", text.width);
	yield ["text_projection", [text.width, embedDim], text.width ** -0.5];
	yield ["logit_scale", [], 1];
}

function* blocks(tower, { layers, width }) {
	for (let i = 0; i < layers; i++) {
		const block = `${tower}transformer.resblocks.${i}`;
		const attention = `${block}.attn.in_proj`;
		yield* layerNorm(`${block}.ln_1`, width);
		yield [`${attention}_weight`, [3 * width, width], 1.3 * width ** -0.5];
		yield [`${attention}_bias`, [3 * width], 0.1];
		yield* linear(`${block}.attn.out_proj`, width, width);
		yield* linear(`${block}.mlp.c_fc`, 4 * width, width);
		yield* linear(`${block}.mlp.c_proj`, width, 4 * width);
		yield* layerNorm(`${block}.ln_2`, width);
	}
}

function* linear(name, outputs, inputs) {
	yield [`${name}.weight`, [outputs, inputs]];
	yield [`${name}.bias`, [outputs], 0.1];
}

function* layerNorm(name, width) {
	yield [`${name}.weight`, [width], 0.2, 1];
	yield [`${name}.bias`, [width], 0.1];
}

/** The default standard deviation keeps the size of a matmul's output the size of its input. */
function writeWeights(path, seed) {
	const list = [];
	const header = {};
	let offset = 0;
	for (const [name, shape, deviation, mean = 0] of tensors()) {
		const count = shape.reduce((product, size) => product * size, 1);
		const scale = deviation ?? (shape[0] / count) ** 0.5;
		list.push({ deviation: scale, mean, count });
		const end = offset + 4 * count;
		header[name] = { dtype: "F32", shape, data_offsets: [offset, end] };
		offset = end;
	}
	const file = openSync(path, "w");
	try {
		writeHeader(file, header);
		writeValues(file, list, seed);
	} finally {
		closeSync(file);
	}
}

function writeHeader(file, header) {
	const json = JSON.stringify(header);
	const padded = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(padded.length));
	writeAll(file, length);
	writeAll(file, padded);
}

/** Uniform values: a standard deviation of 1 is a range of sqrt(12). Writes 4 MB at a time. */
function writeValues(file, list, seed) {
	const chunk = new Float32Array(1 << 20);
	let state = seed >>> 0 || 1;
	for (const { deviation, mean, count } of list) {
		const scale = (deviation * Math.sqrt(12)) / 2 ** 32;
		for (let done = 0; done < count; done += chunk.length) {
			const part = chunk.subarray(0, Math.min(chunk.length, count - done));
			for (let i = 0; i < part.length; i++) {
				// xorshift32; the state is a signed number
				state ^= state << 13;
				state ^= state >>> 17;
				state ^= state << 5;
				part[i] = mean + scale * state;
			}
			writeAll(file, new Uint8Array(part.buffer, 0, part.byteLength));
		}
	}
}

function writeAll(file, bytes) {
	let written = 0;
	while (written < bytes.length) written += writeSync(file, bytes, written);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const {
		positionals: [folder = fullSizeFolder()],
		values: { tokenizer, seed = "240" },
	} = parseArgs({
		allowPositionals: true,
		options: { tokenizer: { type: "string" }, seed: { type: "string" } },
	});
	const options = { ...(tokenizer && { tokenizer }), seed: Number(seed) };
	console.log(randomCheckpoint(resolve(folder), options));
}

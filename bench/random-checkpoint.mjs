// A full-size open_clip ViT-B-16-plus-240 of seeded random weights (830 MB), for measuring: speed does not depend on their
// values. `node bench/random-checkpoint.mjs [FOLDER] [--tokenizer FOLDER] [--seed N]`. Without a tokenizer the demo's is
// taken, whose tokens are among CLIP's 49,408. bench/run.mjs makes it in the cache folder for `--model full-size`.
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
const embed = 640;
const config = {
	model_cfg: { embed_dim: embed, vision_cfg: vision, text_cfg: text },
	preprocess_cfg: {
		mean: [0.48145466, 0.4578275, 0.40821073],
		std: [0.26862954, 0.26130258, 0.27577711],
		interpolation: "bicubic",
		resize_mode: "shortest",
	},
};
const weights = "open_clip_model.safetensors";
const chunk = new Float32Array(1 << 20);

export const fullSizeFolder = () =>
	join(cacheDirectory(), "bench", "ViT-B-16-plus-240-random");

/** The folder, made where it is not there yet. */
export function randomCheckpoint(
	folder,
	{
		tokenizer = fileURLToPath(new URL("../models/demo", import.meta.url)),
		seed = 240,
	} = {},
) {
	if (existsSync(join(folder, weights))) return folder;
	mkdirSync(folder, { recursive: true });
	writeFileSync(
		join(folder, "open_clip_config.json"),
		`${JSON.stringify(config, null, 2)}\n`,
	);
	copyFileSync(
		join(tokenizer, "tokenizer.json"),
		join(folder, "tokenizer.json"),
	);
	const unfinished = join(folder, `${weights}.${process.pid}.part`);
	try {
		write(unfinished, tensors(), seed);
		renameSync(unfinished, join(folder, weights));
	} finally {
		rmSync(unfinished, { force: true });
	}
	return folder;
}

function* tensors() {
	const grid = vision.image_size / vision.patch_size;
	yield ["visual.class_embedding", [vision.width], 1];
	yield ["visual.positional_embedding", [grid ** 2 + 1, vision.width], 0.5];
	yield [
		"visual.conv1.weight",
		[vision.width, 3, vision.patch_size, vision.patch_size],
	];
	yield* norm("visual.ln_pre", vision.width);
	yield* blocks("visual.", vision);
	yield* norm("visual.ln_post", vision.width);
	yield ["visual.proj", [vision.width, embed], vision.width ** -0.5];
	yield ["token_embedding.weight", [text.vocab_size, text.width], 1];
	yield ["positional_embedding", [text.context_length, text.width], 0.5];
	yield* blocks("", text);
	yield* norm("ln_final", text.width);
	yield ["text_projection", [text.width, embed], text.width ** -0.5];
	yield ["logit_scale", [], 1];
}

function* blocks(tower, { layers, width }) {
	for (let i = 0; i < layers; i++) {
		const block = `${tower}transformer.resblocks.${i}`;
		yield* norm(`${block}.ln_1`, width);
		yield [
			`${block}.attn.in_proj_weight`,
			[3 * width, width],
			1.3 * width ** -0.5,
		];
		yield [`${block}.attn.in_proj_bias`, [3 * width], 0.1];
		for (const [name, rows, columns] of [
			["attn.out_proj", width, width],
			["mlp.c_fc", 4 * width, width],
			["mlp.c_proj", width, 4 * width],
		]) {
			yield [`${block}.${name}.weight`, [rows, columns]];
			yield [`${block}.${name}.bias`, [rows], 0.1];
		}
		yield* norm(`${block}.ln_2`, width);
	}
}

function* norm(name, width) {
	yield [`${name}.weight`, [width], 0.2, 1];
	yield [`${name}.bias`, [width], 0.1];
}

/** Each tensor: name, shape, deviation (default: that which keeps a product's size), mean. Streamed, 4 MB at a time. */
function write(path, list, seed) {
	const all = [...list].map(
		([
			name,
			shape,
			deviation = (shape[0] / product(shape)) ** 0.5,
			mean = 0,
		]) => ({ name, shape, deviation, mean, count: product(shape) }),
	);
	const entries = {};
	let at = 0;
	for (const { name, shape, count } of all)
		entries[name] = {
			dtype: "F32",
			shape,
			data_offsets: [at, (at += 4 * count)],
		};
	const json = JSON.stringify(entries);
	const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(header.length));
	const file = openSync(path, "w");
	try {
		for (const bytes of [length, header]) put(file, bytes);
		let state = seed >>> 0 || 1;
		for (const { deviation, mean, count } of all) {
			const scale = (deviation * Math.sqrt(12)) / 2 ** 32; // uniform: a deviation of 1 is a width of sqrt(12)
			for (let done = 0; done < count; done += chunk.length) {
				const part = chunk.subarray(0, Math.min(chunk.length, count - done));
				for (let i = 0; i < part.length; i++) {
					state ^= state << 13;
					state ^= state >>> 17;
					state ^= state << 5; // xorshift32, signed
					part[i] = mean + scale * state;
				}
				put(file, new Uint8Array(part.buffer, 0, part.byteLength));
			}
		}
	} finally {
		closeSync(file);
	}
}

function put(file, bytes) {
	for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

function product(shape) {
	return shape.reduce((a, b) => a * b, 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const {
		positionals: [folder = fullSizeFolder()],
		values: { tokenizer, seed = "240" },
	} = parseArgs({
		allowPositionals: true,
		options: { tokenizer: { type: "string" }, seed: { type: "string" } },
	});
	console.log(
		randomCheckpoint(resolve(folder), {
			...(tokenizer && { tokenizer }),
			seed: Number(seed),
		}),
	);
}

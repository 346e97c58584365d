// A folder or weights that are not what they should be are refused in words, never by a crash.
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, test } from "vitest";
import { Engine } from "../dist/index.js";
import { copyOf, temporaryFolder } from "./support/folder.js";
import { tiny } from "./support/paths.js";
import { expectRefusal } from "./support/refusal.js";
import {
	readSafetensors,
	withoutTensors,
	writeSafetensors,
	type TensorEntry,
} from "./support/safetensors.js";

const weights = "open_clip_model.safetensors";
const config = "open_clip_config.json";
const open = (model: string) =>
	Engine.open({ model }).then((engine) => engine.close());
const refused = (folder: string, code: string, ...says: (string | RegExp)[]) =>
	expectRefusal(() => open(folder), code, ...says);
afterEach(() => open(tiny));

type Header = Record<string, TensorEntry>;

/** Opens a copy whose header was changed. */
async function changed(
	change: (header: Header, name: string) => unknown,
	code: string,
	...says: (string | RegExp)[]
): Promise<void> {
	const folder = copyOf("tiny-open-clip-gelu");
	const { header, data } = readSafetensors(join(folder, weights));
	const name = "visual.proj";
	writeSafetensors(join(folder, weights), change(header, name) ?? header, data);
	await refused(folder, code, weights, ...says);
}

describe("the place", () => {
	test("no such folder", () =>
		refused(
			"/no/such/folder",
			"ERR_ALFA_MODEL_NOT_FOUND",
			"/no/such/folder",
			/demo|none/,
		));
	test("an empty folder", () =>
		refused(
			temporaryFolder(),
			"ERR_ALFA_MODEL_NOT_FOUND",
			weights,
			"model.safetensors",
		));
	test("a file", () =>
		refused(
			join(tiny, config),
			"ERR_ALFA_MODEL_UNSUPPORTED",
			config,
			/folder/,
		));
	test("a PyTorch pickle", async () => {
		const file = join(temporaryFolder(), "model.pt");
		writeFileSync(file, "PK\x03\x04");
		await refused(
			file,
			"ERR_ALFA_MODEL_UNSUPPORTED",
			"model.pt",
			/pickle/,
			/save_file/,
		);
	});
	test("a folder with a pickle instead of safetensors", async () => {
		const folder = copyOf("tiny-hf-gelu");
		rmSync(join(folder, "model.safetensors"));
		writeFileSync(join(folder, "pytorch_model.bin"), "PK\x03\x04");
		await refused(
			folder,
			"ERR_ALFA_MODEL_UNSUPPORTED",
			"pytorch_model.bin",
			/pickle/,
			/save_file/,
		);
	});
	test("a pickle by another name", async () => {
		const folder = copyOf("tiny-hf-gelu");
		writeFileSync(
			join(folder, "model.safetensors"),
			Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(100)]),
		);
		await refused(folder, "ERR_ALFA_MODEL_UNSUPPORTED", /pickle/);
	});
	test.each([config, weights])("%s is missing", async (name) => {
		const folder = copyOf("tiny-open-clip-gelu");
		rmSync(join(folder, name));
		await refused(folder, "ERR_ALFA_MODEL_NOT_FOUND", name, /missing/);
	});
});

describe("safetensors", () => {
	test.each([0, 1, 7, 8, 9, 100, 5000, 500_000])(
		"cut to %d bytes",
		async (length) => {
			const folder = copyOf("tiny-open-clip-gelu");
			truncateSync(join(folder, weights), length);
			await refused(folder, "ERR_ALFA_MODEL_CORRUPT", weights);
		},
	);
	test.each([2n ** 60n, 2n ** 64n - 1n, 100_000_001n, 0n, 1n])(
		"a header of claimed %d bytes",
		async (claimed) => {
			const folder = copyOf("tiny-open-clip-gelu");
			const { header, data } = readSafetensors(join(folder, weights));
			writeSafetensors(join(folder, weights), header, data, claimed);
			await refused(folder, "ERR_ALFA_MODEL_CORRUPT", weights);
		},
	);
	test.each([
		"{ not json",
		"[]",
		'{"a":1}',
		'{"a":{}}',
		"{}x",
		`${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
	])("a header of %.12s", (text) =>
		changed(() => text, "ERR_ALFA_MODEL_CORRUPT"),
	);
	test("offsets outside the file", () =>
		changed(
			(header, name) => {
				header[name]!.data_offsets[1] += 1e9;
			},
			"ERR_ALFA_MODEL_CORRUPT",
			"visual.proj",
			/offsets/,
		));
	test("offsets at the edge of 64 bits", () =>
		changed(
			(header, name) => {
				header[name]!.data_offsets = [2 ** 63, 2 ** 64];
			},
			"ERR_ALFA_MODEL_CORRUPT",
			"visual.proj",
		));
	test("offsets below zero", () =>
		changed(
			(header, name) => {
				header[name]!.data_offsets[0] = -8;
			},
			"ERR_ALFA_MODEL_CORRUPT",
			"visual.proj",
		));
	test("offsets in the wrong order", () =>
		changed(
			(header, name) => {
				header[name]!.data_offsets.reverse();
			},
			"ERR_ALFA_MODEL_CORRUPT",
			"visual.proj",
		));
	test("tensors that overlap", () =>
		changed(
			(header, name) => {
				const other = Object.entries(header).find(
					([key, each]) =>
						key !== name &&
						each.data_offsets[1] - each.data_offsets[0] >= 64 * 40 * 4,
				)![1];
				header[name]!.data_offsets = [
					other.data_offsets[0],
					other.data_offsets[0] + 64 * 40 * 4,
				];
			},
			"ERR_ALFA_MODEL_CORRUPT",
			/overlap|covers/,
		));
	test("a dtype that nobody knows", () =>
		changed(
			(header, name) => {
				header[name]!.dtype = "F13";
			},
			"ERR_ALFA_MODEL_UNSUPPORTED",
			"visual.proj",
			"F13",
		));
	test("integers for weights", () =>
		changed(
			(header, name) => {
				header[name]!.dtype = "I32";
			},
			"ERR_ALFA_MODEL_UNSUPPORTED",
			"visual.proj",
			"I32",
		));
	test("a shape that does not fill its bytes", () =>
		changed(
			(header, name) => {
				header[name]!.shape = [64, 41];
			},
			"ERR_ALFA_MODEL_CORRUPT",
			"visual.proj",
			"64",
			"41",
		));
	test("a shape that overflows", () =>
		changed(
			(header, name) => {
				header[name]!.shape = [2 ** 40, 2 ** 40];
			},
			"ERR_ALFA_MODEL_CORRUPT",
			"visual.proj",
		));
	test("the right size in the wrong shape", () =>
		changed(
			(header, name) => {
				header[name]!.shape = [40, 64];
			},
			"ERR_ALFA_MODEL_MISMATCH",
			"visual.proj",
			"40",
			"64",
		));
	test("a tensor by another name", () =>
		changed(
			(header, name) => {
				header["visual.prog"] = header[name]!;
				delete header[name];
			},
			"ERR_ALFA_MODEL_MISMATCH",
			"visual.proj",
		));
	test("a tensor missing from the middle of a tower", async () => {
		const folder = copyOf("tiny-open-clip-gelu");
		const { header, data } = withoutTensors(
			readSafetensors(join(folder, weights)),
			(name) => name === "visual.transformer.resblocks.1.mlp.c_fc.weight",
		);
		writeSafetensors(join(folder, weights), header, data);
		await refused(
			folder,
			"ERR_ALFA_MODEL_MISMATCH",
			"visual.transformer.resblocks.1.mlp.c_fc.weight",
		);
	});
});

test.each(["visual.proj", "text_projection"])(
	"a NaN in %s is a damaged model, not a normal picture",
	async (tensor) => {
		const folder = copyOf("tiny-open-clip-gelu");
		const { header, data } = readSafetensors(join(folder, weights));
		data.writeFloatLE(NaN, header[tensor]!.data_offsets[0]);
		writeSafetensors(join(folder, weights), header, data);
		const engine = await Engine.open({ model: folder, cache: false });
		const image = {
			data: new Uint8Array(48 * 48 * 3).fill(90),
			width: 48,
			height: 48,
			channels: 3 as const,
		};
		const work =
			tensor === "visual.proj"
				? engine.embedImage(image)
				: engine.embedText("a part");
		await expectRefusal(() => work, "ERR_ALFA_MODEL_CORRUPT", "not finite");
		await engine.close();
	},
);

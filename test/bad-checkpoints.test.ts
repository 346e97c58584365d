// A missing or damaged checkpoint gives an error that names the file and the problem, and the process goes on.
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, test } from "vitest";
import { Engine } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { copyFixture, temporaryFolder } from "./support/folder.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";
import {
	readSafetensors,
	type Safetensors,
	type TensorEntry,
	withoutTensors,
	writeSafetensors,
} from "./support/safetensors.js";

const weights = "open_clip_model.safetensors";
const config = "open_clip_config.json";

async function openAndClose(model: string): Promise<void> {
	await using _ = await Engine.open({ model });
}

const expectRejected = (
	model: string,
	code: string,
	...messageParts: (string | RegExp)[]
) => expectError(() => openAndClose(model), code, ...messageParts);

// A valid checkpoint still opens afterwards.
afterEach(() => openAndClose(tinyModel));

describe("the folder", () => {
	test("does not exist", () =>
		expectRejected(
			"/no/such/folder",
			"ERR_ALFA_MODEL_NOT_FOUND",
			"/no/such/folder",
			/demo|none/,
		));

	test("is empty", () =>
		expectRejected(
			temporaryFolder(),
			"ERR_ALFA_MODEL_NOT_FOUND",
			weights,
			"model.safetensors",
		));

	test("is a file", () =>
		expectRejected(
			join(tinyModel, config),
			"ERR_ALFA_MODEL_UNSUPPORTED",
			config,
			/folder/,
		));

	test("is a PyTorch pickle", async () => {
		const file = join(temporaryFolder(), "model.pt");
		writeFileSync(file, "PK\x03\x04");
		await expectRejected(
			file,
			"ERR_ALFA_MODEL_UNSUPPORTED",
			"model.pt",
			/pickle/,
			/save_file/,
		);
	});

	test("has a pickle instead of safetensors", async () => {
		const folder = copyFixture("tiny-hf-gelu");
		rmSync(join(folder, "model.safetensors"));
		writeFileSync(join(folder, "pytorch_model.bin"), "PK\x03\x04");
		await expectRejected(
			folder,
			"ERR_ALFA_MODEL_UNSUPPORTED",
			"pytorch_model.bin",
			/pickle/,
			/save_file/,
		);
	});

	test("has a pickle with the name of a safetensors file", async () => {
		const folder = copyFixture("tiny-hf-gelu");
		const pickle = Buffer.concat([
			Buffer.from("PK\x03\x04"),
			Buffer.alloc(100),
		]);
		writeFileSync(join(folder, "model.safetensors"), pickle);
		await expectRejected(folder, "ERR_ALFA_MODEL_UNSUPPORTED", /pickle/);
	});

	test.each([config, weights])("has no %s", async (name) => {
		const folder = copyFixture("tiny-open-clip-gelu");
		rmSync(join(folder, name));
		await expectRejected(folder, "ERR_ALFA_MODEL_NOT_FOUND", name, /missing/);
	});
});

describe("the safetensors file", () => {
	/** A copy of the tiny model whose weights file `write` has written again. */
	function rewritten(
		write: (file: string, original: Safetensors) => void,
	): string {
		const folder = copyFixture("tiny-open-clip-gelu");
		const file = join(folder, weights);
		write(file, readSafetensors(file));
		return folder;
	}

	test.each([0, 1, 7, 8, 9, 100, 5000, 500_000])(
		"is cut to %d bytes",
		async (length) => {
			const folder = rewritten((file) => truncateSync(file, length));
			await expectRejected(folder, "ERR_ALFA_MODEL_CORRUPT", weights);
		},
	);

	test.each([2n ** 60n, 2n ** 64n - 1n, 100_000_001n, 0n, 1n])(
		"claims a header of %d bytes",
		async (length) => {
			const folder = rewritten((file, { header, data }) =>
				writeSafetensors(file, header, data, length),
			);
			await expectRejected(folder, "ERR_ALFA_MODEL_CORRUPT", weights);
		},
	);

	test.each([
		"{ not json",
		"[]",
		'{"a":1}',
		'{"a":{}}',
		"{}x",
		`${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
	])("has the header %.12s", async (header) => {
		const folder = rewritten((file, { data }) =>
			writeSafetensors(file, header, data),
		);
		await expectRejected(folder, "ERR_ALFA_MODEL_CORRUPT", weights);
	});

	const corrupt = "ERR_ALFA_MODEL_CORRUPT";
	const unsupported = "ERR_ALFA_MODEL_UNSUPPORTED";
	const mismatch = "ERR_ALFA_MODEL_MISMATCH";
	type Change = (
		tensor: TensorEntry,
		header: Record<string, TensorEntry>,
	) => void;

	// Each case changes the header's entry of visual.proj, [64, 40].
	test.each<[string, Change, string, ...(string | RegExp)[]]>([
		[
			"offsets after the end of the file",
			(tensor) => {
				tensor.data_offsets[1] += 1e9;
			},
			corrupt,
			/offsets/,
		],
		[
			"offsets near 2^64",
			(tensor) => {
				tensor.data_offsets = [2 ** 63, 2 ** 64];
			},
			corrupt,
		],
		[
			"a negative offset",
			(tensor) => {
				tensor.data_offsets[0] = -8;
			},
			corrupt,
		],
		[
			"offsets in the wrong order",
			(tensor) => {
				tensor.data_offsets.reverse();
			},
			corrupt,
		],
		[
			"an unknown dtype",
			(tensor) => {
				tensor.dtype = "F13";
			},
			unsupported,
			"F13",
		],
		[
			"an integer dtype",
			(tensor) => {
				tensor.dtype = "I32";
			},
			unsupported,
			"I32",
		],
		[
			"a shape that does not fit its bytes",
			(tensor) => {
				tensor.shape = [64, 41];
			},
			corrupt,
			"64",
			"41",
		],
		[
			"a shape that overflows",
			(tensor) => {
				tensor.shape = [2 ** 40, 2 ** 40];
			},
			corrupt,
		],
		[
			"a shape with the right size but a wrong order",
			(tensor) => {
				tensor.shape = [40, 64];
			},
			mismatch,
			"40",
			"64",
		],
		[
			"another name for a tensor",
			(tensor, header) => {
				header["visual.prog"] = tensor;
				delete header["visual.proj"];
			},
			mismatch,
		],
	])("has %s", async (_, change, code, ...messageParts) => {
		const folder = rewritten((file, { header, data }) => {
			change(header["visual.proj"]!, header);
			writeSafetensors(file, header, data);
		});
		await expectRejected(folder, code, weights, "visual.proj", ...messageParts);
	});

	test("has tensors that overlap", async () => {
		const folder = rewritten((file, { header, data }) => {
			const tensor = header["visual.proj"]!;
			const size = tensor.data_offsets[1] - tensor.data_offsets[0];
			const other = Object.values(header).find(
				(entry) =>
					entry !== tensor &&
					entry.data_offsets[1] - entry.data_offsets[0] >= size,
			)!;
			tensor.data_offsets = [
				other.data_offsets[0],
				other.data_offsets[0] + size,
			];
			writeSafetensors(file, header, data);
		});
		await expectRejected(folder, corrupt, weights, /overlap|covers/);
	});

	test("has no tensor for a weight in the middle of a tower", async () => {
		const missing = "visual.transformer.resblocks.1.mlp.c_fc.weight";
		const folder = rewritten((file, original) => {
			const { header, data } = withoutTensors(
				original,
				(name) => name === missing,
			);
			writeSafetensors(file, header, data);
		});
		await expectRejected(folder, mismatch, missing);
	});

	test.each(["visual.proj", "text_projection"])(
		"has a NaN in %s: embeddings are rejected",
		async (tensor) => {
			const model = rewritten((file, { header, data }) => {
				data.writeFloatLE(NaN, header[tensor]!.data_offsets[0]);
				writeSafetensors(file, header, data);
			});
			await using engine = await Engine.open({ model, cache: false });
			const embed = () =>
				tensor === "visual.proj"
					? engine.embedImage(sceneImage(48, 48, 1))
					: engine.embedText("a part");
			await expectError(embed, corrupt, "not finite");
		},
	);
});

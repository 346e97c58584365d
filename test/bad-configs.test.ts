// A config, a tower or a tokenizer that does not fit the rest of its checkpoint gives an error that names the problem.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { readJson } from "./support/expected.js";
import { copyFixture } from "./support/folder.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";
import {
	readSafetensors,
	withoutTensors,
	writeSafetensors,
} from "./support/safetensors.js";

const corrupt = "ERR_ALFA_MODEL_CORRUPT";
const mismatch = "ERR_ALFA_MODEL_MISMATCH";
const unsupported = "ERR_ALFA_MODEL_UNSUPPORTED";

type MessagePart = string | RegExp;
// biome-ignore lint/suspicious/noExplicitAny: the JSON of a config, which the tests make invalid.
type Config = any;
type Change = (config: Config) => void;

async function openAndClose(model: string): Promise<void> {
	await using _ = await Engine.open({ model });
}

const expectRejected = (
	model: string,
	code: string,
	...messageParts: MessagePart[]
) => expectError(() => openAndClose(model), code, ...messageParts);

/** A copy of a fixture model with a changed JSON file. */
function withJson(
	model: string,
	file: string,
	change: (json: Config) => unknown,
): string {
	const folder = copyFixture(model);
	const path = join(folder, file);
	const json = readJson(path);
	writeFileSync(path, JSON.stringify(change(json) ?? json));
	return folder;
}

// A valid checkpoint still opens afterwards.
afterEach(() => openAndClose(tinyModel));

describe("open_clip_config.json", () => {
	const file = "open_clip_config.json";
	const withModelConfig = (change: Change) =>
		withJson("tiny-open-clip-gelu", file, (json) => {
			change(json.model_cfg);
		});

	test.each(["", "{", "null", "[]", '{"model_cfg":'])("is %j", async (text) => {
		const folder = copyFixture("tiny-open-clip-gelu");
		writeFileSync(join(folder, file), text);
		await expectRejected(folder, corrupt, file);
	});

	test.each([{}, { model_cfg: null }, { model_cfg: {} }])(
		"lacks a part: %j",
		(json) =>
			expectRejected(
				withJson("tiny-open-clip-gelu", file, () => json),
				mismatch,
				file,
			),
	);

	test.each<[string, Change, string, ...MessagePart[]]>([
		[
			"another width than the weights",
			({ vision_cfg }) => {
				vision_cfg.width = 128;
			},
			mismatch,
			"128",
		],
		[
			"another image size than the weights",
			({ vision_cfg }) => {
				vision_cfg.image_size = 96;
			},
			mismatch,
			"positional_embedding",
		],
		[
			"more layers than the weights",
			({ vision_cfg }) => {
				vision_cfg.layers = 4;
			},
			mismatch,
			"resblocks.3",
		],
		[
			"fewer layers than the weights",
			({ vision_cfg }) => {
				vision_cfg.layers = 2;
			},
			mismatch,
			/layers|resblocks/,
		],
		[
			"another embedding width",
			(config) => {
				config.embed_dim = 41;
			},
			mismatch,
			"41",
		],
		[
			"a patch that does not divide the image",
			({ vision_cfg }) => {
				vision_cfg.patch_size = 7;
			},
			unsupported,
			"48",
			"7",
		],
		[
			"an image tower of timm",
			({ vision_cfg }) => {
				vision_cfg.timm_model_name = "resnet50";
			},
			unsupported,
			"timm",
		],
	])("has %s", (_, change, code, ...messageParts) =>
		expectRejected(withModelConfig(change), code, ...messageParts),
	);

	test.each([0, -1, 1.5, 1e12, "64", null, 2 ** 53])(
		"has the width %s",
		async (width) => {
			const folder = withModelConfig(({ vision_cfg }) => {
				vision_cfg.width = width;
			});
			await expect(openAndClose(folder)).rejects.toMatchObject({
				code: expect.stringMatching(
					/ERR_ALFA_MODEL_(CORRUPT|MISMATCH|UNSUPPORTED)/,
				),
			});
		},
	);
});

describe("config.json", () => {
	test.each<Record<string, string>>([
		{},
		{ model_type: "bert" },
		{ model_type: "dinov3_vit" },
		{ model_type: "timm_wrapper", architecture: "vit_tiny_patch16_224" },
	])("has no known layout: %j", (config) =>
		expectRejected(
			withJson("tiny-timm", "config.json", () => config),
			unsupported,
			"config.json",
			...Object.values(config).slice(0, 1),
			"'clip'",
			"'dinov2'",
			/timm/,
		),
	);

	describe("of DINOv2", () => {
		test.each<[string, Change, string, ...MessagePart[]]>([
			[
				"SwiGLU",
				(config) => {
					config.use_swiglu_ffn = true;
				},
				unsupported,
				"use_swiglu_ffn",
				/giant/,
			],
			[
				"another activation",
				(config) => {
					config.hidden_act = "relu";
				},
				unsupported,
				"hidden_act",
				"relu",
				"'gelu'",
			],
			[
				"an unknown model type",
				(config) => {
					config.model_type = "dinov2_moe";
				},
				unsupported,
				"dinov2_moe",
				"'dinov2_with_registers'",
			],
			[
				"another image size than the weights",
				(config) => {
					config.image_size = 96;
				},
				mismatch,
				"position_embeddings",
				"image_size",
			],
			[
				"a patch that does not divide the image",
				(config) => {
					config.patch_size = 7;
				},
				unsupported,
				"48",
				"7",
			],
			[
				"heads that do not divide the width",
				(config) => {
					config.num_attention_heads = 5;
				},
				mismatch,
				"num_attention_heads",
				"5",
				"64",
			],
			[
				"fewer layers than the weights",
				(config) => {
					config.num_hidden_layers = 2;
				},
				mismatch,
				"encoder.layer.2",
			],
		])("has %s", (_, change, code, ...messageParts) =>
			expectRejected(
				withJson("tiny-dinov2", "config.json", change),
				code,
				"config.json",
				...messageParts,
			),
		);

		test.each<[string, string, Change, ...MessagePart[]]>([
			[
				"tiny-dinov2",
				"registers that the weights lack",
				(config) => {
					config.model_type = "dinov2_with_registers";
				},
			],
			[
				"tiny-dinov2-reg",
				"another number of registers",
				(config) => {
					config.num_register_tokens = 5;
				},
				"num_register_tokens",
			],
			[
				"tiny-dinov2-reg",
				"no registers, but the weights have them",
				(config) => {
					config.model_type = "dinov2";
				},
			],
		])("%s has %s", (model, _, change, ...messageParts) =>
			expectRejected(
				withJson(model, "config.json", change),
				mismatch,
				"register_tokens",
				...messageParts,
			),
		);
	});

	describe("of timm", () => {
		const expectRejectedConfig = (
			change: Change,
			code: string,
			...messageParts: MessagePart[]
		) =>
			expectRejected(
				withJson("tiny-timm", "config.json", change),
				code,
				"config.json",
				...messageParts,
			);

		test.each([
			"resnet50",
			"vit_tiny",
			"vit_huger_patch16_224",
			"vit_base_r50_s16_224",
			"eva02_tiny_patch14_224",
			"swin_tiny_patch4_window7_224",
			"beit_base_patch16_224",
			"vit_tiny_resnet26d_224",
			"",
		])("has the architecture %j", (architecture) =>
			expectRejectedConfig(
				(config) => {
					config.architecture = architecture;
				},
				unsupported,
				"architecture",
				`'${architecture}'`,
				"vit_base_patch16_224",
			),
		);

		test.each(["avg", "map", "max"])("has the pooling %s", (pool) =>
			expectRejectedConfig(
				(config) => {
					config.global_pool = pool;
				},
				unsupported,
				"global_pool",
				`'${pool}'`,
			),
		);

		test.each([
			["qk_norm", true],
			["norm_layer", "rmsnorm"],
			["act_layer", "relu"],
			["block_fn", "parallel"],
		])("has the model argument %s = %s", (key, value) =>
			expectRejectedConfig(
				(config) => {
					config.model_args[key] = value;
				},
				unsupported,
				`model_args.${key}`,
			),
		);

		test.each([
			null,
			48,
			[3, 48],
			[3, 48, 56],
			[1, 48, 48],
			[3, 48.5, 48.5],
			[3, -48, -48],
			["3", "48", "48"],
		])("has the input_size %j", (size) =>
			expectRejectedConfig(
				(config) => {
					delete config.model_args;
					config.pretrained_cfg.input_size = size;
				},
				mismatch,
				"input_size",
			),
		);

		test.each<[string, Change, ...MessagePart[]]>([
			[
				"heads that do not divide the width",
				({ model_args }) => {
					model_args.num_heads = 5;
				},
				"num_heads",
				"5",
				"48",
			],
			[
				"another image size than the weights",
				({ model_args }) => {
					model_args.img_size = 96;
				},
				"pos_embed",
				"img_size",
			],
			[
				"a std of zero",
				({ pretrained_cfg }) => {
					pretrained_cfg.std = [0.5, 0, 0.5];
				},
				"std",
				/positive/,
			],
		])("has %s", (_, change, ...messageParts) =>
			expectRejectedConfig(change, mismatch, ...messageParts),
		);
	});
});

describe("the weights of timm", () => {
	function withRenamedTensor(from: string, to: string): string {
		const folder = copyFixture("tiny-timm");
		const file = join(folder, "model.safetensors");
		const { header, data } = readSafetensors(file);
		header[to] = header[from]!;
		delete header[from];
		writeSafetensors(file, header, data);
		return folder;
	}

	test.each([
		["head.bias", "dist_token", /distillation/],
		["norm.weight", "fc_norm.weight", /average pooling/],
		["head.bias", "attn_pool.latent", /attention pooling/],
		["head.bias", "blocks.0.attn.q_norm.weight", /qk-norm/],
		["head.bias", "blocks.0.mlp.fc1_g.weight", /SwiGLU/],
		["cls_token", "token", /no class token/],
		["pos_embed", "rope", /positions/],
	])("are of another architecture: %s is named %s", (from, to, message) =>
		expectRejected(
			withRenamedTensor(from, to),
			unsupported,
			"vit_tiny_patch16_224",
			message,
		),
	);

	test("have an unknown tensor", () =>
		expectRejected(
			withRenamedTensor("head.bias", "neck.bias"),
			mismatch,
			"neck.bias",
		));

	test("lack a tensor of a block", () =>
		expectRejected(
			withRenamedTensor("blocks.1.attn.qkv.bias", "head.other"),
			mismatch,
			"blocks.1.attn.qkv.bias",
		));
});

describe("a checkpoint with one tower", () => {
	function without(names: RegExp): string {
		const folder = copyFixture("tiny-hf-gelu");
		const file = join(folder, "model.safetensors");
		const { header, data } = withoutTensors(readSafetensors(file), (name) =>
			names.test(name),
		);
		writeSafetensors(file, header, data);
		return folder;
	}
	const withoutTextTower = () => without(/^text|^logit/);
	const withoutImageTower = () => without(/^visi|^visual/);

	test("without a text tower, images can be embedded, but texts and categories are rejected", async () => {
		await using engine = await Engine.open({ model: withoutTextTower() });
		expect(await engine.embedImage(sceneImage(48, 48, 1))).toHaveLength(24);
		await expectError(
			() => engine.category("widget"),
			unsupported,
			/text tower/,
		);
		await expectError(
			() => engine.embedText("widget"),
			unsupported,
			/text tower/,
		);
	});

	test("without an image tower, texts can be embedded, but images and categories are rejected", async () => {
		await using engine = await Engine.open({ model: withoutImageTower() });
		expect(await engine.embedText("widget")).toHaveLength(24);
		await expectError(
			() => engine.category("widget"),
			unsupported,
			/image tower/,
		);
		await expectError(
			() => engine.embedImage("a.png"),
			unsupported,
			/image tower/,
		);
	});

	/** Saves one tower as transformers' class `architecture` does: its section is the whole config. */
	function exported(
		section: "vision_config" | "text_config",
		architecture: string,
		rename = (name: string) => name,
	): string {
		const folder = copyFixture("tiny-hf-gelu");
		const config = readJson(join(folder, "config.json"));
		const tower = section === "vision_config" ? "vision" : "text";
		writeFileSync(
			join(folder, "config.json"),
			JSON.stringify({
				projection_dim: config.projection_dim,
				...config[section],
				model_type: `clip_${tower}_model`,
				architectures: [architecture],
			}),
		);
		const file = join(folder, "model.safetensors");
		const isKept = (name: string) =>
			name.startsWith(`${tower}_model`) ||
			(architecture.includes("Projection") &&
				name.startsWith(tower === "vision" ? "visual_p" : "text_p"));
		const { header, data } = withoutTensors(
			readSafetensors(file),
			(name) => !isKept(name),
		);
		const renamed = Object.entries(header).map(([name, entry]) => [
			rename(name),
			entry,
		]);
		writeSafetensors(file, Object.fromEntries(renamed), data);
		return folder;
	}

	test("exports with a projection are opened", async () => {
		const model = exported("vision_config", "CLIPVisionModelWithProjection");
		await using images = await Engine.open({ model });
		expect(await images.embedImage(sceneImage(48, 48, 1))).toHaveLength(24);
		await using texts = await Engine.open({
			model: exported("text_config", "CLIPTextModelWithProjection"),
		});
		expect(await texts.embedText("widget")).toHaveLength(24);
	});

	const withoutPrefix = (name: string) => name.replace(/^\w+_model\./, "");
	test.each([
		["vision_config", "CLIPVisionModel", "image", undefined],
		["vision_config", "CLIPVisionModel", "image", withoutPrefix],
		["vision_config", "CLIPForImageClassification", "image", undefined],
		["text_config", "CLIPTextModel", "text", undefined],
		["text_config", "CLIPTextModel", "text", withoutPrefix],
	] as const)(
		"the %s exported as %s is named, with what to export instead",
		(section, architecture, tower, rename) =>
			expectError(
				() => Engine.open({ model: exported(section, architecture, rename) }),
				unsupported,
				architecture,
				`the ${tower} tower of a CLIP model`,
				"WithProjection.from_pretrained",
			),
	);

	test("without an image tower, imageSize is rejected", () =>
		expectError(
			() => Engine.open({ model: withoutImageTower(), imageSize: 64 }),
			unsupported,
			/imageSize/,
			/no image tower/,
		));
});

describe("tokenizer.json", () => {
	/** Opens a copy with a damaged tokenizer: texts are rejected, images still work. */
	async function expectTextsRejected(
		damage: (file: string) => void,
		code: string,
		...messageParts: MessagePart[]
	): Promise<void> {
		const model = copyFixture("tiny-open-clip-gelu");
		damage(join(model, "tokenizer.json"));
		await using engine = await Engine.open({ model });
		await expectError(
			() => engine.embedText("a widget"),
			code,
			"tokenizer.json",
			...messageParts,
		);
		expect(await engine.embedImage(sceneImage(48, 48, 1))).toHaveLength(40);
	}

	test("is missing", () =>
		expectTextsRejected((file) => rmSync(file), "ERR_ALFA_MODEL_NOT_FOUND"));

	test.each(["", "{", "[]", "{}", '{"model":{"type":"BPE"}}', "null"])(
		"is %j",
		(text) => expectTextsRejected((file) => writeFileSync(file, text), corrupt),
	);

	test("has another vocabulary", () =>
		expectTextsRejected(
			(file) => {
				const json = JSON.parse(readFileSync(file, "utf8"));
				for (const key of Object.keys(json.model.vocab))
					json.model.vocab[key] += 5000;
				for (const token of json.added_tokens) token.id += 5000;
				const text = JSON.stringify(json)
					.replaceAll(":[638]", ":[5638]")
					.replaceAll(":[639]", ":[5639]");
				writeFileSync(file, text);
			},
			mismatch,
			"640",
		));
});

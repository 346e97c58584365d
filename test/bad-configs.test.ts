// A config, a tower or a tokenizer that does not fit the rest of its checkpoint is refused in words.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { readJson } from "./support/expected.js";
import { copyOf } from "./support/folder.js";
import { tiny } from "./support/paths.js";
import { expectRefusal } from "./support/refusal.js";
import {
	readSafetensors,
	withoutTensors,
	writeSafetensors,
} from "./support/safetensors.js";

const config = "open_clip_config.json";
const open = (model: string) =>
	Engine.open({ model }).then((engine) => engine.close());
const refused = (folder: string, code: string, ...says: (string | RegExp)[]) =>
	expectRefusal(() => open(folder), code, ...says);
afterEach(() => open(tiny));

describe("the config", () => {
	const configured = async (
		change: (model: any) => unknown,
		code: string,
		...says: (string | RegExp)[]
	) => {
		const folder = copyOf("tiny-open-clip-gelu");
		const model = readJson(join(folder, config));
		writeFileSync(
			join(folder, config),
			JSON.stringify(change(model.model_cfg) ?? model),
		);
		await refused(folder, code, ...says);
	};
	test.each(["", "{", "null", "[]", '{"model_cfg":'])(
		"that is %j",
		async (text) => {
			const folder = copyOf("tiny-open-clip-gelu");
			writeFileSync(join(folder, config), text);
			await refused(folder, "ERR_ALFA_MODEL_CORRUPT", config);
		},
	);
	test.each([{}, { model_cfg: null }, { model_cfg: {} }])(
		"without its parts: %j",
		(value) => configured(() => value, "ERR_ALFA_MODEL_MISMATCH", config),
	);
	test("another width than the weights", () =>
		configured(
			(model) => {
				model.vision_cfg.width = 128;
			},
			"ERR_ALFA_MODEL_MISMATCH",
			"128",
		));
	test("another image size than the weights", () =>
		configured(
			(model) => {
				model.vision_cfg.image_size = 96;
			},
			"ERR_ALFA_MODEL_MISMATCH",
			"positional_embedding",
		));
	test("more layers than the weights", () =>
		configured(
			(model) => {
				model.vision_cfg.layers = 4;
			},
			"ERR_ALFA_MODEL_MISMATCH",
			"resblocks.3",
		));
	test("fewer layers than the weights", () =>
		configured(
			(model) => {
				model.vision_cfg.layers = 2;
			},
			"ERR_ALFA_MODEL_MISMATCH",
			/layers|resblocks/,
		));
	test("another embedding width", () =>
		configured(
			(model) => {
				model.embed_dim = 41;
			},
			"ERR_ALFA_MODEL_MISMATCH",
			"41",
		));
	test("a patch that does not divide the image", () =>
		configured(
			(model) => {
				model.vision_cfg.patch_size = 7;
			},
			"ERR_ALFA_MODEL_UNSUPPORTED",
			"48",
			"7",
		));
	test.each([0, -1, 1.5, 1e12, "64", null, 2 ** 53])(
		"a width of %s",
		async (width) => {
			const error = await open(await spoilt(width)).catch((e) => e);
			expect(error.code, error.message).toMatch(
				/ERR_ALFA_MODEL_(CORRUPT|MISMATCH|UNSUPPORTED)/,
			);
		},
	);
	const spoilt = async (width: unknown) => {
		const folder = copyOf("tiny-open-clip-gelu");
		const model = readJson(join(folder, config));
		model.model_cfg.vision_cfg.width = width;
		writeFileSync(join(folder, config), JSON.stringify(model));
		return folder;
	};
	test("a tower of a kind that is not run", () =>
		configured(
			(model) => {
				model.vision_cfg = { ...model.vision_cfg, timm_model_name: "resnet50" };
			},
			"ERR_ALFA_MODEL_UNSUPPORTED",
			"timm",
		));
});

describe("a config.json", () => {
	const configured = async (
		model: string,
		change: (config: any) => unknown,
		code: string,
		...says: (string | RegExp)[]
	) => {
		const folder = copyOf(model);
		const config = readJson(join(folder, "config.json"));
		writeFileSync(
			join(folder, "config.json"),
			JSON.stringify(change(config) ?? config),
		);
		await refused(folder, code, ...says);
	};
	const unsupported = "ERR_ALFA_MODEL_UNSUPPORTED",
		mismatch = "ERR_ALFA_MODEL_MISMATCH";
	test.each([
		{},
		{ model_type: "bert" },
		{ model_type: "dinov3_vit" },
		{ model_type: "timm_wrapper", architecture: "vit_tiny_patch16_224" },
	])("of no layout that is known: %j", (config) =>
		configured(
			"tiny-timm",
			() => config,
			unsupported,
			"config.json",
			...(Object.values(config).slice(0, 1) as string[]),
			"'clip'",
			"'dinov2'",
			/timm/,
		),
	);

	describe("of DINOv2", () => {
		const refuses = (
			change: (config: any) => unknown,
			code: string,
			...says: (string | RegExp)[]
		) => configured("tiny-dinov2", change, code, "config.json", ...says);
		test("SwiGLU", () =>
			refuses(
				(config) => {
					config.use_swiglu_ffn = true;
				},
				unsupported,
				"use_swiglu_ffn",
				/giant/,
			));
		test("another activation", () =>
			refuses(
				(config) => {
					config.hidden_act = "relu";
				},
				unsupported,
				"hidden_act",
				"relu",
				"'gelu'",
			));
		test("a model type that only begins alike", () =>
			refuses(
				(config) => {
					config.model_type = "dinov2_moe";
				},
				unsupported,
				"dinov2_moe",
				"'dinov2_with_registers'",
			));
		test("another image size than the weights", () =>
			refuses(
				(config) => {
					config.image_size = 96;
				},
				mismatch,
				"position_embeddings",
				"image_size",
			));
		test("a patch that does not divide the image", () =>
			refuses(
				(config) => {
					config.patch_size = 7;
				},
				unsupported,
				"48",
				"7",
			));
		test("heads that do not divide the width", () =>
			refuses(
				(config) => {
					config.num_attention_heads = 5;
				},
				mismatch,
				"num_attention_heads",
				"5",
				"64",
			));
		test("fewer layers than the weights", () =>
			refuses(
				(config) => {
					config.num_hidden_layers = 2;
				},
				mismatch,
				"encoder.layer.2",
			));
		test("registers that the weights lack", () =>
			configured(
				"tiny-dinov2",
				(config) => {
					config.model_type = "dinov2_with_registers";
				},
				mismatch,
				"register_tokens",
			));
		test("other registers than the weights", () =>
			configured(
				"tiny-dinov2-reg",
				(config) => {
					config.num_register_tokens = 5;
				},
				mismatch,
				"register_tokens",
				"num_register_tokens",
			));
		test("weights with registers that the config lacks", () =>
			configured(
				"tiny-dinov2-reg",
				(config) => {
					config.model_type = "dinov2";
				},
				mismatch,
				"register_tokens",
			));
	});

	describe("of timm", () => {
		const refuses = (
			change: (config: any) => unknown,
			code: string,
			...says: (string | RegExp)[]
		) => configured("tiny-timm", change, code, "config.json", ...says);
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
		])("the architecture %j", (architecture) =>
			refuses(
				(config) => {
					config.architecture = architecture;
				},
				unsupported,
				"architecture",
				`'${architecture}'`,
				"vit_base_patch16_224",
			),
		);
		test("heads that do not divide the width", () =>
			refuses(
				(config) => {
					config.model_args.num_heads = 5;
				},
				mismatch,
				"num_heads",
				"5",
				"48",
			));
		test.each(["avg", "map", "max"])("pooling by %s", (pool) =>
			refuses(
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
		])("made with %s %s", (key, value) =>
			refuses(
				(config) => {
					config.model_args[key] = value;
				},
				unsupported,
				`model_args.${key}`,
			),
		);
		test("another image size than the weights", () =>
			refuses(
				(config) => {
					config.model_args.img_size = 96;
				},
				mismatch,
				"pos_embed",
				"img_size",
			));
		test.each([
			null,
			48,
			[3, 48],
			[3, 48, 56],
			[1, 48, 48],
			[3, 48.5, 48.5],
			[3, -48, -48],
			["3", "48", "48"],
		])("an input_size of %j", (size) =>
			refuses(
				(config) => {
					delete config.model_args;
					config.pretrained_cfg.input_size = size;
				},
				mismatch,
				"input_size",
			),
		);
		test("a std of zero", () =>
			refuses(
				(config) => {
					config.pretrained_cfg.std = [0.5, 0, 0.5];
				},
				mismatch,
				"std",
				/positive/,
			));

		const renamed = async (
			from: string,
			to: string,
			code: string,
			...says: (string | RegExp)[]
		) => {
			const folder = copyOf("tiny-timm");
			const { header, data } = readSafetensors(
				join(folder, "model.safetensors"),
			);
			header[to] = header[from]!;
			delete header[from];
			writeSafetensors(join(folder, "model.safetensors"), header, data);
			await refused(folder, code, ...says);
		};
		test.each([
			["head.bias", "dist_token", /distillation/],
			["norm.weight", "fc_norm.weight", /average pooling/],
			["head.bias", "attn_pool.latent", /attention pooling/],
			["head.bias", "blocks.0.attn.q_norm.weight", /qk-norm/],
			["head.bias", "blocks.0.mlp.fc1_g.weight", /SwiGLU/],
			["cls_token", "token", /no class token/],
			["pos_embed", "rope", /positions/],
		])("weights whose %s is %s", (from, to, says) =>
			renamed(from, to, unsupported, "vit_tiny_patch16_224", says),
		);
		test("a tensor that has no place", () =>
			renamed("head.bias", "neck.bias", mismatch, "neck.bias"));
		test("a tensor missing from a block", () =>
			renamed(
				"blocks.1.attn.qkv.bias",
				"head.other",
				mismatch,
				"blocks.1.attn.qkv.bias",
			));
	});
});

describe("one tower only", () => {
	const halved = (drop: (name: string) => boolean) => {
		const folder = copyOf("tiny-hf-gelu");
		const { header, data } = withoutTensors(
			readSafetensors(join(folder, "model.safetensors")),
			drop,
		);
		writeSafetensors(join(folder, "model.safetensors"), header, data);
		return folder;
	};
	test("no text tower: images are embedded, categories are refused", async () => {
		await using engine = await Engine.open({
			model: halved((name) => /^text|^logit/.test(name)),
		});
		expect(
			await engine.embedImage({
				data: new Uint8Array(64),
				width: 8,
				height: 8,
				channels: 1,
			}),
		).toHaveLength(24);
		await expectRefusal(
			() => engine.category("widget"),
			"ERR_ALFA_MODEL_UNSUPPORTED",
			/text tower/,
		);
		await expectRefusal(
			() => engine.embedText("widget"),
			"ERR_ALFA_MODEL_UNSUPPORTED",
			/text tower/,
		);
	});
	test("no image tower: there is no image size to choose", () =>
		expectRefusal(
			() =>
				Engine.open({
					model: halved((name) => /^visi|^visual/.test(name)),
					imageSize: 64,
				}),
			"ERR_ALFA_MODEL_UNSUPPORTED",
			/imageSize/,
			/no image tower/,
		));
	test("no image tower: texts are embedded, categories are refused", async () => {
		await using engine = await Engine.open({
			model: halved((name) => /^visi|^visual/.test(name)),
		});
		expect(await engine.embedText("widget")).toHaveLength(24);
		await expectRefusal(
			() => engine.category("widget"),
			"ERR_ALFA_MODEL_UNSUPPORTED",
			/image tower/,
		);
		await expectRefusal(
			() => engine.embedImage("a.png"),
			"ERR_ALFA_MODEL_UNSUPPORTED",
			/image tower/,
		);
	});
});

describe("the tokenizer", () => {
	const tokenised = async (
		spoil: (file: string) => void,
		code: string,
		...says: (string | RegExp)[]
	) => {
		const folder = copyOf("tiny-open-clip-gelu");
		spoil(join(folder, "tokenizer.json"));
		await using engine = await Engine.open({ model: folder });
		await expectRefusal(() => engine.embedText("a widget"), code, ...says);
		expect(
			await engine.embedImage({
				data: new Uint8Array(64),
				width: 8,
				height: 8,
				channels: 1,
			}),
		).toHaveLength(40);
	};
	test("missing", () =>
		tokenised(
			(file) => rmSync(file),
			"ERR_ALFA_MODEL_NOT_FOUND",
			"tokenizer.json",
		));
	test.each(["", "{", "[]", "{}", '{"model":{"type":"BPE"}}', "null"])(
		"that is %j",
		(text) =>
			tokenised(
				(file) => writeFileSync(file, text),
				"ERR_ALFA_MODEL_CORRUPT",
				"tokenizer.json",
			),
	);
	test("of another vocabulary", () =>
		tokenised(
			(file) => {
				const json = JSON.parse(readFileSync(file, "utf8"));
				for (const key of Object.keys(json.model.vocab))
					json.model.vocab[key] += 5000;
				for (const token of json.added_tokens) token.id += 5000;
				writeFileSync(
					file,
					JSON.stringify(json)
						.replaceAll(":[638]", ":[5638]")
						.replaceAll(":[639]", ":[5639]"),
				);
			},
			"ERR_ALFA_MODEL_MISMATCH",
			"tokenizer.json",
			"640",
		));
});

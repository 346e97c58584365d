// What the tests of pulling share: a hub with small repositories, a cache of each test's own, and ways to look into it.
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach } from "vitest";
import {
	pullModel,
	type PullOptions,
	type PulledModel,
} from "../../dist/index.js";
import { temporaryFolder } from "./folder.js";
import {
	hubStub,
	type Answer,
	type HubFile,
	type HubRequest,
	type HubStub,
	type Repositories,
} from "./hub-stub.js";
import { root } from "./paths.js";
import { expectRefusal } from "./refusal.js";

export const demo = (name: string) =>
	readFileSync(join(root, "models", "demo", name));
export const plain = (content: Buffer | string): HubFile => ({
	content: Buffer.from(content),
	lfs: false,
});
export const large = (content: Buffer): HubFile => ({ content, lfs: true });
export const weights = randomBytes(400_000);
export const name = "acme/small";

export const repositories: Repositories = {
	"acme/clip": {
		"README.md": plain("words"),
		"open_clip_config.json": plain(demo("open_clip_config.json")),
		"open_clip_model.safetensors": large(demo("open_clip_model.safetensors")),
		"tokenizer.json": plain(demo("tokenizer.json")),
	},
	[name]: {
		"config.json": plain("{}"),
		"model.safetensors": large(weights),
		"pytorch_model.bin": large(Buffer.from("no")),
	},
	"acme/pickle": {
		"config.json": plain("{}"),
		"pytorch_model.bin": large(Buffer.from("no")),
	},
	"acme/bare": {
		"open_clip_config.json": plain(
			'{"model_cfg":{"text_cfg":{"vocab_size":49408}}}',
		),
		"open_clip_model.safetensors": large(weights),
	},
	"acme/other-words": {
		"open_clip_config.json": plain(
			'{"model_cfg":{"text_cfg":{"hf_tokenizer_name":"xlm"}}}',
		),
		"open_clip_model.safetensors": large(weights),
	},
	"timm/vit_base_patch16_plus_clip_240.laion400m_e32": {
		"open_clip_config.json": plain("{}"),
		"open_clip_model.safetensors": large(weights),
	},
	"openai/clip-vit-base-patch32": { "tokenizer.json": plain('{"of":"clip"}') },
};

/** The hub that all tests of a file ask, and the cache of the running test. */
export const now = {} as { hub: HubStub; cache: string };

beforeAll(async () => {
	now.hub = await hubStub(repositories);
});
beforeEach(() => {
	now.cache = process.env["ALFA_CACHE"] = join(temporaryFolder(), "cache");
	delete process.env["HF_TOKEN"];
	delete process.env["HF_ENDPOINT"];
	now.hub.asked = [];
	now.hub.answer = () => {};
});

export const pull = (
	model = name,
	options: PullOptions = {},
): Promise<PulledModel> =>
	pullModel(model, {
		endpoint: now.hub.endpoint,
		retries: 0,
		timeout: 5000,
		...options,
	});
export const refused = (
	code: string,
	...says: (string | RegExp)[]
): Promise<void> => expectRefusal(() => pull(), code, ...says);
export const onCdn = (): HubRequest[] =>
	now.hub.asked.filter(({ on }) => on === "cdn");
/** Names of all files in the cache. */
export const files = (folder = now.cache): string[] =>
	(existsSync(folder)
		? readdirSync(folder, { recursive: true, withFileTypes: true })
		: []
	)
		.filter((each) => each.isFile())
		.map((each) => each.name)
		.sort();
export const parts = (): string[] =>
	files().filter((each) => each.endsWith(".part"));
export const partSizes = (): number[] =>
	readdirSync(now.cache, { recursive: true, encoding: "utf8" })
		.filter((each) => each.endsWith(".part"))
		.map((each) => statSync(join(now.cache, each)).size);
/** Where the weights are asked for, `answer` says what comes. */
export const atWeights =
	(answer: Answer): Answer =>
	(request, response, file) =>
		request.on === "cdn" ? answer(request, response, file) : false;

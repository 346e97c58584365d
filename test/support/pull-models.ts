// For tests of pullModel: a hub with small repositories, and a new cache for each test.
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach } from "vitest";
import {
	type PulledModel,
	type PullOptions,
	pullModel,
} from "../../dist/index.js";
import { expectError } from "./errors.js";
import { temporaryFolder } from "./folder.js";
import {
	type Answer,
	type HubFile,
	type HubRequest,
	type HubStub,
	hubStub,
	type Repositories,
} from "./hub-stub.js";
import { root } from "./paths.js";

export const demoFile = (name: string) =>
	readFileSync(join(root, "models", "demo", name));

export const smallFile = (content: Buffer | string): HubFile => ({
	content: Buffer.from(content),
	lfs: false,
});

/** A file in Git LFS. */
export const largeFile = (content: Buffer): HubFile => ({ content, lfs: true });

export const weights = randomBytes(400_000);

/** The repository of most tests. It has weights of random bytes. */
export const name = "acme/small";

export const repositories: Repositories = {
	"acme/clip": {
		"README.md": smallFile("words"),
		"open_clip_config.json": smallFile(demoFile("open_clip_config.json")),
		"open_clip_model.safetensors": largeFile(
			demoFile("open_clip_model.safetensors"),
		),
		"tokenizer.json": smallFile(demoFile("tokenizer.json")),
	},
	[name]: {
		"config.json": smallFile("{}"),
		"model.safetensors": largeFile(weights),
		"pytorch_model.bin": largeFile(Buffer.from("no")),
	},
	"acme/pickle": {
		"config.json": smallFile("{}"),
		"pytorch_model.bin": largeFile(Buffer.from("no")),
	},
	"acme/without-tokenizer": {
		"open_clip_config.json": smallFile(
			'{"model_cfg":{"text_cfg":{"vocab_size":49408}}}',
		),
		"open_clip_model.safetensors": largeFile(weights),
	},
	"acme/other-tokenizer": {
		"open_clip_config.json": smallFile(
			'{"model_cfg":{"text_cfg":{"hf_tokenizer_name":"xlm"}}}',
		),
		"open_clip_model.safetensors": largeFile(weights),
	},
	"timm/vit_base_patch16_plus_clip_240.laion400m_e32": {
		"open_clip_config.json": smallFile("{}"),
		"open_clip_model.safetensors": largeFile(weights),
	},
	"openai/clip-vit-base-patch32": {
		"tokenizer.json": smallFile('{"of":"clip"}'),
	},
};

/** The hub of the test file, and the cache of the running test. */
export const current = {} as { hub: HubStub; cache: string };

beforeAll(async () => {
	current.hub = await hubStub(repositories);
});

beforeEach(() => {
	current.cache = join(temporaryFolder(), "cache");
	process.env["ALFA_CACHE"] = current.cache;
	delete process.env["HF_TOKEN"];
	delete process.env["HF_ENDPOINT"];
	current.hub.requests = [];
	current.hub.answer = () => {};
});

export const pull = (
	model = name,
	options: PullOptions = {},
): Promise<PulledModel> =>
	pullModel(model, {
		endpoint: current.hub.endpoint,
		retries: 0,
		timeout: 5000,
		...options,
	});

export const expectPullError = (
	code: string,
	...messages: (string | RegExp)[]
): Promise<void> => expectError(() => pull(), code, ...messages);

export const cdnRequests = (): HubRequest[] =>
	current.hub.requests.filter(({ server }) => server === "cdn");

/** The sorted names of all files in a folder, at any depth. */
export const fileNames = (folder = current.cache): string[] =>
	filePaths(folder)
		.map((path) => path.split("/").at(-1)!)
		.sort();

export const partialFiles = (): string[] =>
	fileNames().filter((each) => each.endsWith(".part"));

export const partialFileSizes = (): number[] =>
	filePaths(current.cache)
		.filter((path) => path.endsWith(".part"))
		.map((path) => statSync(join(current.cache, path)).size);

function filePaths(folder: string): string[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder, { recursive: true, encoding: "utf8" })
		.filter((path) => statSync(join(folder, path)).isFile())
		.map((path) => path.replaceAll("\\", "/"));
}

/** An answer for requests of the weights only. */
export const answerWeights =
	(answer: Answer): Answer =>
	(request, response, file) =>
		request.server === "cdn" ? answer(request, response, file) : false;

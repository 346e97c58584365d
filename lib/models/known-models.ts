// Models by name: a checkpoint's files and the repositories of the Hugging Face hub that hold them. Data, no hashes: the
// hub states them, and `sha256` of a pull takes those that a user knows. Only what this package reads (safetensors) is here.

import { AlfaError } from "../errors.js";
import { listed, nearest, wrongType } from "../options/validate.js";

export interface KnownFile {
	file: string;
	/** The repositories that may have it; the first that does is taken. */
	from: readonly [string, ...string[]];
	/** Left out where no repository has it. */
	optional?: boolean;
}

export interface KnownModel {
	name: string;
	about: string;
	repo: string;
	files: readonly KnownFile[];
}

/** CLIP's tokenizer, for checkpoints of the same vocabulary that come without one. */
export const clipTokenizer = "openai/clip-vit-base-patch32";

const openClip = (name: string, repo: string, about: string): KnownModel => ({
	name,
	about,
	repo,
	files: [
		{ file: "open_clip_config.json", from: [repo] },
		{ file: "open_clip_model.safetensors", from: [repo] },
		{ file: "tokenizer.json", from: [repo, clipTokenizer] },
	],
});

const transformers = (
	name: string,
	repo: string,
	about: string,
	text: boolean,
): KnownModel => ({
	name,
	about,
	repo,
	files: [
		{ file: "config.json", from: [repo] },
		{ file: "model.safetensors", from: [repo] },
		{ file: "preprocessor_config.json", from: [repo], optional: true },
		...(text ? [{ file: "tokenizer.json", from: [repo] } as const] : []),
	],
});

export const knownModels: readonly KnownModel[] = [
	// The weights after 32 epochs. open_clip's own tag laion400m_e32 of this model resolves to the repository ..._e31, so what
	// it calls e32 are the weights after 31: figures that were measured with them are those of ViT-B-16-plus-240-e31 here.
	openClip(
		"ViT-B-16-plus-240",
		"timm/vit_base_patch16_plus_clip_240.laion400m_e32",
		"CLIP B/16+ at 240 px, LAION-400M, epoch 32",
	),
	openClip(
		"ViT-B-16-plus-240-e31",
		"timm/vit_base_patch16_plus_clip_240.laion400m_e31",
		"the same, epoch 31",
	),
	// OpenAI's weights from timm's repositories, which open_clip takes too: what is public of openai/clip-vit-base-patch32 and
	// -large-patch14-336 shows their main branches with pickles only, and no model.safetensors.
	openClip(
		"ViT-B-32",
		"timm/vit_base_patch32_clip_224.openai",
		"OpenAI's CLIP B/32",
	),
	openClip(
		"ViT-B-16",
		"timm/vit_base_patch16_clip_224.openai",
		"OpenAI's CLIP B/16",
	),
	transformers(
		"ViT-L-14",
		"openai/clip-vit-large-patch14",
		"OpenAI's CLIP L/14",
		true,
	),
	openClip(
		"ViT-L-14-336",
		"timm/vit_large_patch14_clip_336.openai",
		"OpenAI's CLIP L/14 at 336 px",
	),
	openClip(
		"ViT-H-14",
		"laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
		"CLIP H/14, LAION-2B",
	),
	transformers(
		"dinov2-small",
		"facebook/dinov2-small",
		"DINOv2 S/14, image tower only",
		false,
	),
	transformers(
		"dinov2-base",
		"facebook/dinov2-base",
		"DINOv2 B/14, image tower only",
		false,
	),
	transformers(
		"dinov2-large",
		"facebook/dinov2-large",
		"DINOv2 L/14, image tower only",
		false,
	),
	transformers(
		"dinov2-with-registers-base",
		"facebook/dinov2-with-registers-base",
		"DINOv2 B/14 with registers, image tower only",
		false,
	),
];

const part = "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?";
const repository = new RegExp(`^${part}/${part}$`);

/** Whether the text has the hub's form owner/name; '--' and '..' are no part of such names. */
export const isRepository = (name: string) =>
	repository.test(name) && !/--|\.\./.test(name);

/** What stands for the name in the registry: the entry of that name, or the one of that repository under the name given. */
export function knownModel(name: string): KnownModel | undefined {
	const entry = knownModels.find(
		(each) => each.name === name || each.repo === name,
	);
	return entry && { ...entry, name };
}

/** The folder of a model in the cache. */
export const folderName = (name: string) => name.replace("/", "--");

/** The name of a model to pull; throws where it is neither known nor a repository's. */
export function checkModelName(name: unknown): asserts name is string {
	if (typeof name !== "string") throw wrongType("a string", "name", name);
	if (knownModel(name) || isRepository(name)) return;
	const names = knownModels.map((each) => each.name);
	const near = nearest(name, names);
	throw new AlfaError(
		"ERR_ALFA_MODEL_NOT_FOUND",
		`No model ${JSON.stringify(name.slice(0, 200))} is known${near ? `; did you mean '${near}'?` : ""} ` +
			`Expected ${listed(names)}, or owner/name of a repository on the Hugging Face hub`,
	);
}

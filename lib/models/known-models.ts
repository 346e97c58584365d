// The models that can be pulled by name: their files, and the repositories of the Hugging Face hub
// that have them. There are no hashes here: the hub states them, and the `sha256` option of a pull
// adds those that a user expects. Only checkpoints that this package can read (safetensors) are
// listed.
import { AlfaError } from "../errors.js";
import { listed, nearest, wrongType } from "../options/validate.js";

export interface KnownFile {
	file: string;
	/** Repositories that may have the file. The first one that has it is used. */
	from: readonly [string, ...string[]];
	/** Whether the model works without the file. */
	optional?: boolean;
}

export interface KnownModel {
	name: string;
	/** One line for `alfa models list`. */
	about: string;
	/** The model's own repository. */
	repo: string;
	files: readonly KnownFile[];
}

/**
 * The repository with CLIP's tokenizer, for checkpoints of the same vocabulary that have none of
 * their own.
 */
export const clipTokenizer = "openai/clip-vit-base-patch32";

/** A checkpoint in the layout of open_clip. */
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

/** A checkpoint in the layout of transformers. */
const transformers = (
	name: string,
	repo: string,
	about: string,
	hasTextTower: boolean,
): KnownModel => ({
	name,
	about,
	repo,
	files: [
		{ file: "config.json", from: [repo] },
		{ file: "model.safetensors", from: [repo] },
		{ file: "preprocessor_config.json", from: [repo], optional: true },
		...(hasTextTower
			? [{ file: "tokenizer.json", from: [repo] } as const]
			: []),
	],
});

export const knownModels: readonly KnownModel[] = [
	// The weights after 32 epochs. open_clip's own tag laion400m_e32 of this model loads the
	// repository ..._e31, which has the weights after 31 epochs. Results that were published for that
	// tag belong to ViT-B-16-plus-240-e31 here.
	openClip(
		"ViT-B-16-plus-240",
		"timm/vit_base_patch16_plus_clip_240.laion400m_e32",
		"CLIP B/16+ at 240 px, LAION-400M, epoch 32",
	),
	openClip(
		"ViT-B-16-plus-240-e31",
		"timm/vit_base_patch16_plus_clip_240.laion400m_e31",
		"CLIP B/16+ at 240 px, LAION-400M, epoch 31",
	),
	// OpenAI's weights come from timm's repositories, which open_clip uses too. The main branches of
	// openai/clip-vit-base-patch32 and openai/clip-vit-large-patch14-336 have pickles only, and no
	// model.safetensors.
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

const namePart = "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?";
const repositoryName = new RegExp(`^${namePart}/${namePart}$`);

/**
 * Whether the text is a repository's name on the hub, owner/name. Such names contain neither '--'
 * nor '..'.
 */
export const isRepositoryName = (text: string) =>
	repositoryName.test(text) && !/--|\.\./.test(text);

/** The known model with that name or that repository. It gets the name that was asked for. */
export function findKnownModel(name: string): KnownModel | undefined {
	const model = knownModels.find(
		(each) => each.name === name || each.repo === name,
	);
	return model && { ...model, name };
}

/** The name of the model's folder in the cache. */
export const folderName = (name: string) => name.replace("/", "--");

/** Throws a TypeError, or ERR_ALFA_MODEL_NOT_FOUND for a name that is neither known nor a repository's. */
export function checkModelName(name: unknown): asserts name is string {
	if (typeof name !== "string") throw wrongType("a string", "name", name);
	if (findKnownModel(name) || isRepositoryName(name)) return;
	const names = knownModels.map((each) => each.name);
	const near = nearest(name, names);
	const suggestion = near ? `; did you mean '${near}'?` : ".";
	throw new AlfaError(
		"ERR_ALFA_MODEL_NOT_FOUND",
		`Unknown model ${JSON.stringify(name.slice(0, 200))}${suggestion} ` +
			`Expected ${listed(names)}, or owner/name of a repository on the Hugging Face hub`,
	);
}

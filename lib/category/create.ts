import { callNative } from "../errors.js";
import type { BankHandle, CategoryHandle } from "../native/addon.js";
import type { Session } from "../native/session.js";
import { nativeSettings } from "../native/settings.js";
import type { PromptSet } from "../prompts/prompt-set.js";
import type { Settings } from "../settings/settings.js";
import { frozenCopy } from "../util/frozen-copy.js";
import type { ResolvedCategory } from "./options.js";
import { buildBank } from "./references.js";
import type { CategoryState } from "./state.js";

/** Embeddings of a prompt set, each [texts * embedDim], unit rows; empty for recipes that only compare images. */
export interface PromptEmbeddings {
	normal: Float32Array;
	abnormal: Float32Array;
	descriptors: Float32Array;
}

/** Encodes the prompts, reads the references and creates the category in the engine. */
export async function createCategory(
	session: Session,
	{ name, recipe, settings, prompts, references, call }: ResolvedCategory,
): Promise<CategoryState> {
	const { threshold, pixelThreshold, signal, onProgress } = call;
	const { damaged = session.reading.damaged, colour = session.reading.colour } =
		call;
	const reading = { ...session.reading, damaged, colour };
	const embeddings = await encodePrompts(session, prompts, signal);
	// First without the references: a setting that the model does not support is reported before many images are read.
	let handle = createHandle(session, settings, embeddings);
	const bank =
		references &&
		(await buildBank(
			session,
			settings,
			references,
			reading,
			signal,
			onProgress,
		));
	if (bank) handle = createHandle(session, settings, embeddings, bank.handle);
	return {
		session,
		handle,
		name,
		recipe,
		settings: frozenCopy(settings),
		prompts: prompts && frozenCopy(prompts),
		descriptors: embeddings.descriptors,
		references: bank?.info,
		reading,
		threshold,
		pixelThreshold,
	};
}

async function encodePrompts(
	session: Session,
	prompts: PromptSet | undefined,
	signal: AbortSignal | undefined,
): Promise<PromptEmbeddings> {
	const { normal = [], abnormal = [], descriptors = [] } = prompts ?? {};
	if (!prompts)
		return {
			normal: new Float32Array(),
			abnormal: new Float32Array(),
			descriptors: new Float32Array(),
		};
	const rows = await session.encode(
		[...normal, ...abnormal, ...descriptors],
		signal,
	);
	const width = session.native.embedDim;
	const abnormalStart = normal.length * width;
	const descriptorStart = abnormalStart + abnormal.length * width;
	return {
		normal: rows.slice(0, abnormalStart),
		abnormal: rows.slice(abnormalStart, descriptorStart),
		descriptors: rows.slice(descriptorStart),
	};
}

/** Throws what the engine says about settings that the model does not support. */
export function createHandle(
	session: Session,
	settings: Settings,
	{ normal, abnormal, descriptors }: PromptEmbeddings,
	bank?: BankHandle,
): CategoryHandle {
	session.require();
	const { addon, engine, native } = session;
	return callNative(() =>
		addon.createCategory(
			engine,
			nativeSettings(settings, native.layers),
			normal,
			abnormal,
			descriptors,
			bank,
		),
	);
}

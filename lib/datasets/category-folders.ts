// Shared by the layouts that store each category in a folder: the root is a category, or its subfolders are categories.
// Files and folders that do not belong to the layout are reported.
import type { CategoryData, Problem } from "./category-data.js";
import { finishCategory } from "./finish-category.js";
import {
	type Folder,
	hasReplacement,
	type ImageFile,
	joinId,
	openSubfolder,
} from "./folder.js";
import {
	type Layout,
	type LayoutContent,
	problemReporter,
	type ReportProblem,
} from "./layout.js";
import type { IsNormal } from "./normal-folders.js";

export interface CategoryReader {
	isCategory(folder: Folder, isNormal: IsNormal): Promise<boolean>;
	read(
		folder: Folder,
		isNormal: IsNormal,
		report: ReportProblem,
	): Promise<Omit<CategoryData, "name">>;
	/** Folders beside the categories that belong to the layout and are not categories. */
	readonly otherFolders?: readonly string[];
}

/** How such a layout recognises and reads a root. */
export function categoryFolders(
	reader: CategoryReader,
): Pick<Layout, "matches" | "read"> {
	return {
		matches: async (root, isNormal) =>
			(await findCategories(root, reader, isNormal)).length > 0,
		read: (root, isNormal) => readCategories(root, reader, isNormal),
	};
}

/** The root if it is a category, else those of its subfolders that are categories. */
async function findCategories(
	root: Folder,
	{ isCategory }: CategoryReader,
	isNormal: IsNormal,
): Promise<Folder[]> {
	if (await isCategory(root, isNormal)) return [root];
	const found: Folder[] = [];
	for (const name of root.folders) {
		const folder = await openSubfolder(root, name);
		if (folder && (await isCategory(folder, isNormal))) found.push(folder);
	}
	return found;
}

async function readCategories(
	root: Folder,
	reader: CategoryReader,
	isNormal: IsNormal,
): Promise<LayoutContent> {
	const folders = await findCategories(root, reader, isNormal);
	const problems: Problem[] = [];
	if (folders[0] !== root) reportUnusedInRoot(root, folders, reader, problems);
	const categories: CategoryData[] = [];
	for (const folder of folders) {
		const report = problemReporter(problems, folder.name);
		const content = await reader.read(folder, isNormal, report);
		categories.push(finishCategory({ name: folder.name, ...content }, report));
	}
	return { categories, problems };
}

function reportUnusedInRoot(
	root: Folder,
	categories: readonly Folder[],
	{ otherFolders = [] }: CategoryReader,
	problems: Problem[],
): void {
	const used = new Set([
		...categories.map(({ name }) => name),
		...otherFolders,
	]);
	const unusedFolders = root.folders.filter((name) => !used.has(name));
	reportUnused(
		root,
		[...unusedFolders, ...root.images.map(fileName), ...root.others],
		problemReporter(problems, ""),
	);
}

/** Normal training images: those in the normal folders of train (train/good) if there are any, else those in train. */
export async function trainImages(
	category: Folder,
	isNormal: IsNormal,
	report: ReportProblem,
): Promise<{ id: string; file: string }[]> {
	const train = await openSubfolder(category, "train");
	if (!train) return [];
	const normalFolders = train.folders.filter(isNormal);
	const images: ImageFile[] = [];
	for (const name of normalFolders)
		images.push(...(await imagesIn(train, name, report)));
	if (normalFolders.length === 0) images.push(...train.images);
	const unusedFolders = train.folders.filter((name) => !isNormal(name));
	const unusedImages =
		normalFolders.length > 0 ? train.images.map(fileName) : [];
	reportUnused(
		train,
		[...unusedFolders, ...unusedImages, ...train.others],
		report,
	);
	return images.map(({ id, file }) => ({ id, file }));
}

/** The images in a subfolder that must contain images only. Empty if the subfolder does not exist. */
export async function imagesIn(
	parent: Folder | undefined,
	name: string,
	report: ReportProblem,
): Promise<readonly ImageFile[]> {
	const folder = await openSubfolder(parent, name);
	if (!folder) return [];
	const unused = [...folder.folders, ...folder.others];
	if (unused.length === 0 && folder.images.length === 0) {
		report("ignored", folder.id, `${folder.id} contains no images`);
	}
	reportUnused(folder, unused, report);
	return folder.images;
}

export function fileName({ id }: ImageFile): string {
	return id.slice(id.lastIndexOf("/") + 1);
}

/** Reports one problem for all files and subfolders of a folder that do not belong to the layout. */
export function reportUnused(
	folder: Folder,
	names: readonly string[],
	report: ReportProblem,
): void {
	const undecodable = names.filter(hasReplacement);
	if (undecodable.length > 0) {
		report(
			"ignored",
			folder.id || folder.name,
			`${folder.id || folder.name} contains names that are not valid UTF-8, and these files or folders are not used: ` +
				`${listNames(undecodable)}; rename them`,
		);
	}
	reportOthers(
		folder,
		names.filter((name) => !hasReplacement(name)),
		report,
	);
}

/** The first three names, and how many there are more. */
function listNames(names: readonly string[]): string {
	const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
	return names.slice(0, 3).join(", ") + more;
}

function reportOthers(
	folder: Folder,
	names: readonly string[],
	report: ReportProblem,
): void {
	const [first] = names;
	if (first === undefined) return;
	if (names.length === 1) {
		const id = joinId(folder.id, first);
		report(
			"ignored",
			id,
			`${id} is not used: it does not belong to this layout`,
		);
		return;
	}
	const where = folder.id || folder.name;
	report(
		"ignored",
		where,
		`${where} contains files or folders that do not belong to this layout: ${listNames(names)}`,
	);
}

// What MVTec's layout, VisA's folders and plain folders have in common: the root is a category or holds categories, and
// what fits nowhere is reported.
import { completed } from "./completed.js";
import type { CategoryData, Problem } from "./dataset.js";
import { below, enter, type Folder, type Picture } from "./folder.js";
import { reporter, type Found, type Report } from "./layout.js";
import { isGood } from "./test-images.js";

interface CategoryFolders {
	isCategory(folder: Folder): Promise<boolean>;
	read(folder: Folder, report: Report): Promise<Omit<CategoryData, "name">>;
	/** Folders beside the categories that are known to be none. */
	beside?: readonly string[];
}

/** The root itself where it is a category, else the folders in it that are. */
export async function categoriesIn(
	root: Folder,
	{ isCategory }: CategoryFolders,
): Promise<Folder[]> {
	if (await isCategory(root)) return [root];
	const found: Folder[] = [];
	for (const name of root.folders) {
		const folder = (await enter(root, name))!;
		if (await isCategory(folder)) found.push(folder);
	}
	return found;
}

export async function readCategories(
	root: Folder,
	layout: CategoryFolders,
): Promise<Found> {
	const folders = await categoriesIn(root, layout);
	const categories: CategoryData[] = [],
		problems: Problem[] = [];
	if (folders[0] !== root) {
		const rest = root.folders.filter(
			(name) =>
				!folders.some((each) => each.name === name) &&
				!layout.beside?.includes(name),
		);
		ignoreRest(
			root,
			[...rest, ...root.pictures.map(nameOf), ...root.others],
			reporter(problems, ""),
		);
	}
	for (const folder of folders) {
		const report = reporter(problems, folder.name);
		categories.push(
			completed(
				{ name: folder.name, ...(await layout.read(folder, report)) },
				report,
			),
		);
	}
	return { categories, problems };
}

/** Normal images: train/good, else the pictures in train itself. */
export async function trainImages(
	category: Folder,
	report: Report,
): Promise<{ id: string; file: string }[]> {
	const train = await enter(category, "train");
	if (!train) return [];
	const goods = train.folders.filter(isGood);
	const pictures = goods.length > 0 ? [] : [...train.pictures];
	for (const name of goods)
		pictures.push(...(await picturesIn(train, name, report)));
	const left = goods.length > 0 ? train.pictures.map(nameOf) : [];
	ignoreRest(
		train,
		[
			...train.folders.filter((name) => !isGood(name)),
			...left,
			...train.others,
		],
		report,
	);
	return pictures.map(({ id, file }) => ({ id, file }));
}

/** The pictures of a folder that should hold nothing else; none where there is no such folder. */
export async function picturesIn(
	parent: Folder | undefined,
	name: string,
	report: Report,
): Promise<readonly Picture[]> {
	const folder = await enter(parent, name);
	if (!folder) return [];
	const rest = [...folder.folders, ...folder.others];
	if (rest.length === 0 && folder.pictures.length === 0)
		report("ignored", folder.id, `${folder.id} holds no pictures`);
	ignoreRest(folder, rest, report);
	return folder.pictures;
}

export const nameOf = ({ id }: Picture) => id.slice(id.lastIndexOf("/") + 1);

/** One problem for all that fits nowhere in a folder. */
export function ignoreRest(
	folder: Folder,
	names: readonly string[],
	report: Report,
): void {
	const [first, ...more] = names.map((name) => below(folder.id, name));
	if (first === undefined) return;
	if (more.length === 0)
		return report(
			"ignored",
			first,
			`${first} is not used: it fits nowhere in this layout`,
		);
	const place = folder.id || folder.name;
	const shown =
		names.slice(0, 3).join(", ") +
		(names.length > 3 ? ` and ${names.length - 3} more` : "");
	report(
		"ignored",
		place,
		`${place} holds what is not used because it fits nowhere in this layout: ${shown}`,
	);
}

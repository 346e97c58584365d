// The interface that every dataset layout implements.
import type { CategoryData, Problem, ProblemKind } from "./category-data.js";
import type { Folder } from "./folder.js";
import type { IsNormal } from "./normal-folders.js";

export interface LayoutContent {
	readonly categories: CategoryData[];
	readonly problems: Problem[];
}

export interface Layout {
	/** The value of the option `layout`. */
	readonly name: string;
	/** For people, such as "MVTec AD's layout". */
	readonly title: string;
	/** The files and folders that the layout requires. Error messages put it after "needs". */
	readonly needs: string;
	/** Whether the folder has this layout. */
	matches(root: Folder, isNormal: IsNormal): Promise<boolean>;
	read(root: Folder, isNormal: IsNormal): Promise<LayoutContent>;
}

/** Adds one problem of a fixed category. */
export type ReportProblem = (
	kind: ProblemKind,
	where: string,
	message: string,
) => void;

export function problemReporter(
	problems: Problem[],
	category: string,
): ReportProblem {
	return (kind, where, message) => {
		problems.push({ kind, category, where, message });
	};
}

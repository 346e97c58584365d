// What a layout is, and what all of them hand back.
import type { CategoryData, Problem, ProblemKind } from "./dataset.js";
import type { Folder } from "./folder.js";

export interface Found {
	readonly categories: CategoryData[];
	readonly problems: Problem[];
}

export interface Layout {
	/** What makes a folder one of this layout, to go on after "needs". */
	readonly needs: string;
	recognises(root: Folder): Promise<boolean>;
	read(root: Folder): Promise<Found>;
}

export type Report = (
	kind: ProblemKind,
	where: string,
	message: string,
) => void;
export const reporter =
	(problems: Problem[], category: string): Report =>
	(kind, where, message) => {
		problems.push({ kind, category, where, message });
	};

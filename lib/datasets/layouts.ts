// All dataset layouts. To add one, write its file and add it to this list.
import { folderLayout } from "./layout-folder.js";
import { mvtecLayout } from "./layout-mvtec.js";
import { visaLayout } from "./layout-visa.js";

/** In the order in which they are tried. */
export const layouts = [visaLayout, mvtecLayout, folderLayout] as const;

export type LayoutName = (typeof layouts)[number]["name"];
export const layoutNames: readonly LayoutName[] = layouts.map(
	({ name }) => name,
);

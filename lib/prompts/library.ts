// The prompt sets that come with the package, one JSON file per class. With them no language model is
// needed.

import { withArticles } from "./articles.js";
import bottle from "./library/bottle.json" with { type: "json" };
import button from "./library/button.json" with { type: "json" };
import cable from "./library/cable.json" with { type: "json" };
import candle from "./library/candle.json" with { type: "json" };
import capsule from "./library/capsule.json" with { type: "json" };
import capsules from "./library/capsules.json" with { type: "json" };
import carpet from "./library/carpet.json" with { type: "json" };
import cashew from "./library/cashew.json" with { type: "json" };
import chewinggum from "./library/chewinggum.json" with { type: "json" };
import cookie from "./library/cookie.json" with { type: "json" };
import fallback from "./library/fallback.json" with { type: "json" };
import fryum from "./library/fryum.json" with { type: "json" };
import grid from "./library/grid.json" with { type: "json" };
import hazelnut from "./library/hazelnut.json" with { type: "json" };
import hexNut from "./library/hex_nut.json" with { type: "json" };
import leather from "./library/leather.json" with { type: "json" };
import macaroni1 from "./library/macaroni1.json" with { type: "json" };
import macaroni2 from "./library/macaroni2.json" with { type: "json" };
import metalNut from "./library/metal_nut.json" with { type: "json" };
import pcb1 from "./library/pcb1.json" with { type: "json" };
import pcb2 from "./library/pcb2.json" with { type: "json" };
import pcb3 from "./library/pcb3.json" with { type: "json" };
import pcb4 from "./library/pcb4.json" with { type: "json" };
import pill from "./library/pill.json" with { type: "json" };
import pipeFryum from "./library/pipe_fryum.json" with { type: "json" };
import screw from "./library/screw.json" with { type: "json" };
import tile from "./library/tile.json" with { type: "json" };
import toothbrush from "./library/toothbrush.json" with { type: "json" };
import transistor from "./library/transistor.json" with { type: "json" };
import wood from "./library/wood.json" with { type: "json" };
import zipper from "./library/zipper.json" with { type: "json" };
import { type PromptSet, toPromptSet } from "./prompt-set.js";

/** By the names of the classes in MVTec AD, in VisA and in the catalogue of the demo. */
const sets = {
	bottle,
	button,
	cable,
	candle,
	capsule,
	capsules,
	carpet,
	cashew,
	chewinggum,
	cookie,
	fryum,
	grid,
	hazelnut,
	hex_nut: hexNut,
	leather,
	macaroni1,
	macaroni2,
	metal_nut: metalNut,
	pcb1,
	pcb2,
	pcb3,
	pcb4,
	pill,
	pipe_fryum: pipeFryum,
	screw,
	tile,
	toothbrush,
	transistor,
	wood,
	zipper,
};

/**
 * By compact name. "macaroni" and "pcb" stand for several sets: the one with the most general texts is
 * used.
 */
const setsByKey = new Map(
	Object.entries({ ...sets, macaroni: macaroni1, pcb: pcb4 }).map(
		([name, set]) => [compactName(name), set],
	),
);

/** The classes that have a set, with their names in the data sets. */
export function libraryNames(): string[] {
	return Object.keys(sets);
}

/**
 * The set of a class. Case, spaces, hyphens and underscores of the name do not matter ("metal_nut",
 * "Metal-nut"). Trailing digits matter only if a set has them.
 */
export function librarySet(className: string): PromptSet | undefined {
	const key = compactName(className);
	const set = setsByKey.get(key) ?? setsByKey.get(key.replace(/\d+$/, ""));
	return set && toPromptSet(set, className);
}

/** A set for any class, whose name must be cleaned already: it names common defects only. */
export function fallbackSet(className: string): PromptSet {
	const fillIn = (texts: string[]) =>
		texts.map((text) =>
			withArticles(text.replaceAll("{class}", () => className)),
		);
	const { normal, abnormal, ...rest } = fallback;
	const set = {
		...rest,
		class: className,
		normal: fillIn(normal),
		abnormal: fillIn(abnormal),
	};
	return toPromptSet(set, className);
}

function compactName(name: string): string {
	return name.toLowerCase().replace(/[_\-\s]+/g, "");
}

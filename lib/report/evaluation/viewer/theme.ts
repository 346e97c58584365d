// The colours of the page for canvases, and a callback for when they change.
import { createElement } from "./dom.js";

/** The value of a colour of ../style/index.ts. */
export function colour(name: string): string {
	return getComputedStyle(document.documentElement)
		.getPropertyValue(`--${name}`)
		.trim();
}

/** Systems from the ninth on repeat the colours with dashed lines. */
const colourCount = 8;

export function systemColour(system: number): string {
	return colour(`series-${system % colourCount}`);
}

export function systemDash(system: number): number[] {
	return system < colourCount ? [] : [6, 4];
}

/** A short line in the colour of a system. */
export function swatch(system: number): HTMLElement {
	const line = createElement("span", {
		class: system < colourCount ? "swatch" : "swatch dashed",
	});
	line.style.setProperty("--swatch", `var(--series-${system % colourCount})`);
	return line;
}

export function onThemeChange(redraw: () => void): void {
	for (const query of ["(prefers-color-scheme: dark)", "print"]) {
		matchMedia(query).addEventListener("change", redraw);
	}
}

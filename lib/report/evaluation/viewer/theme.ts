// Colours of the page for canvases, and a call when they change.

function colour(name: string): string {
	return getComputedStyle(document.documentElement)
		.getPropertyValue(`--${name}`)
		.trim();
}

const seriesColours = 8;

/** Of a system, everywhere on the page; from the ninth on lines are dashed. */
function systemColour(system: number): string {
	return colour(`series-${system % seriesColours}`);
}

function systemDash(system: number): number[] {
	return system < seriesColours ? [] : [6, 4];
}

function swatch(system: number): HTMLElement {
	const line = make("span", {
		class: system < seriesColours ? "swatch" : "swatch dashed",
	});
	line.style.setProperty("--swatch", `var(--series-${system % seriesColours})`);
	return line;
}

function onTheme(redraw: () => void): void {
	for (const query of ["(prefers-color-scheme: dark)", "print"])
		matchMedia(query).addEventListener("change", redraw);
}

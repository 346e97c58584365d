// A page in the Chromium of this machine, and all that it did.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";

const wanted = process.env["ALFA_CHROMIUM"];
const found = (
	wanted
		? [wanted]
		: [
				"/usr/bin/chromium",
				"/usr/bin/chromium-browser",
				"/usr/bin/google-chrome",
			]
).find((path) => existsSync(path));
/** Why there is none, and what to do; '' where there is one. */
export const noBrowser = found
	? ""
	: wanted
		? `ALFA_CHROMIUM names ${wanted}, which is not there`
		: "no Chromium: install one (Debian: apt-get install chromium), or set ALFA_CHROMIUM to its executable";

export function launch(): Promise<Browser> {
	return chromium.launch({ executablePath: found!, args: ["--no-sandbox"] });
}

export interface Opened {
	page: Page;
	errors: string[];
	requests: string[];
}

export async function open(
	browser: Browser,
	file: string,
	{
		width = 1280,
		dark = false,
		reducedMotion = false,
		init = "",
		empty = false,
	} = {},
): Promise<Opened> {
	const page = await browser.newPage({
		viewport: { width, height: 900 },
		colorScheme: dark ? "dark" : "light",
		reducedMotion: reducedMotion ? "reduce" : "no-preference",
	});
	const errors: string[] = [],
		requests: string[] = [];
	// Violations of the content security policy are among the console's errors.
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			errors.push(message.text());
	});
	page.on("pageerror", (error) => errors.push(String(error)));
	page.on("dialog", (dialog) => {
		errors.push(`dialog: ${dialog.message()}`);
		void dialog.dismiss();
	});
	page.on("request", (request) => requests.push(request.url()));
	if (init) await page.addInitScript(init);
	await page.goto(pathToFileURL(file).href);
	if (!empty) await page.waitForSelector(".cards article");
	return { page, errors, requests };
}

/** How many different colours a canvas shows, the transparent one aside. */
export function coloursOf(page: Page, selector: string): Promise<number[]> {
	return page.$$eval(selector, (canvases) =>
		canvases.map((canvas) => {
			const { width, height } = canvas as HTMLCanvasElement;
			const copy = new OffscreenCanvas(width, height).getContext("2d", {
				willReadFrequently: true,
			})!; // else Chromium complains of reading twice
			copy.drawImage(canvas as HTMLCanvasElement, 0, 0);
			const { data } = copy.getImageData(0, 0, width, height);
			const words = new Uint32Array(data.buffer);
			return new Set(words.filter((word) => word >>> 24 > 0)).size;
		}),
	);
}

/** WCAG contrast of an element's text with what lies behind it. */
export function contrastOf(page: Page, selector: string): Promise<number> {
	return page
		.locator(selector)
		.first()
		.evaluate((element) => {
			const rgb = (text: string) => text.match(/[\d.]+/g)!.map(Number);
			const luminance = ([r, g, b]: number[]) =>
				[r!, g!, b!]
					.map((c) => c / 255)
					.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
					.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i]!, 0);
			let behind: Element | null = element;
			while (behind && rgb(getComputedStyle(behind).backgroundColor)[3] === 0)
				behind = behind.parentElement;
			const [a, b] = [
				luminance(rgb(getComputedStyle(element).color)),
				luminance(
					rgb(getComputedStyle(behind ?? document.body).backgroundColor),
				),
			];
			return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		});
}

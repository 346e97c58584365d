// Opens a page in the Chromium of this machine and records its errors and requests.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

const fromEnvironment = process.env["ALFA_CHROMIUM"];
const executable = (
	fromEnvironment
		? [fromEnvironment]
		: [
				"/usr/bin/chromium",
				"/usr/bin/chromium-browser",
				"/usr/bin/google-chrome",
			]
).find((path) => existsSync(path));
/** Why there is no browser, and what to do. Empty if there is one. */
export const noBrowser = executable ? "" : missingBrowser();

function missingBrowser(): string {
	return fromEnvironment
		? `ALFA_CHROMIUM is ${fromEnvironment}, which does not exist`
		: "no Chromium: install it (Debian: apt-get install chromium), or set ALFA_CHROMIUM to its executable";
}

export function launchBrowser(): Promise<Browser> {
	return chromium.launch({
		executablePath: executable!,
		args: ["--no-sandbox"],
	});
}

export interface OpenedPage {
	page: Page;
	/** Errors and warnings of the console, uncaught errors and dialogs. */
	errors: string[];
	/** URLs. */
	requests: string[];
}

/** `init`: a script that runs before the page. `empty`: the page has no image cards. */
export async function openPage(
	browser: Browser,
	file: string,
	{
		width = 1280,
		dark = false,
		reducedMotion = false,
		init = "",
		empty = false,
	} = {},
): Promise<OpenedPage> {
	const page = await browser.newPage({
		viewport: { width, height: 900 },
		colorScheme: dark ? "dark" : "light",
		reducedMotion: reducedMotion ? "reduce" : "no-preference",
	});
	const errors: string[] = [],
		requests: string[] = [];
	// The console reports violations of the content security policy as errors.
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

/** The number of different colours on each canvas, without fully transparent pixels. */
export function countColours(page: Page, selector: string): Promise<number[]> {
	return page.$$eval(selector, (canvases) =>
		canvases.map((canvas) => {
			const { width, height } = canvas as HTMLCanvasElement;
			// Chromium warns about repeated reads without willReadFrequently.
			const copy = new OffscreenCanvas(width, height).getContext("2d", {
				willReadFrequently: true,
			})!;
			copy.drawImage(canvas as HTMLCanvasElement, 0, 0);
			const { data } = copy.getImageData(0, 0, width, height);
			const words = new Uint32Array(data.buffer);
			return new Set(words.filter((word) => word >>> 24 > 0)).size;
		}),
	);
}

/** The WCAG contrast between an element's text and its background. */
export function measureContrast(page: Page, selector: string): Promise<number> {
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
			let background: Element | null = element;
			while (
				background &&
				rgb(getComputedStyle(background).backgroundColor)[3] === 0
			)
				background = background.parentElement;
			const [a, b] = [
				luminance(rgb(getComputedStyle(element).color)),
				luminance(
					rgb(getComputedStyle(background ?? document.body).backgroundColor),
				),
			];
			return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		});
}

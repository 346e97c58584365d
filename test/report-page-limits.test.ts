// What the page of an evaluation withstands: names made to break it, many images, little room, and images that end early.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	writeEvaluationPage,
	type EvaluationPage,
} from "../dist/report/evaluation/page.js";
import { launch, noBrowser, open } from "./support/browser.js";
import { makeEvaluation, plans } from "./support/evaluation.js";
import { temporaryFolder } from "./support/folder.js";

if (noBrowser) console.warn(`skipped: ${noBrowser}`);

async function written(page: EvaluationPage): Promise<string> {
	const file = join(temporaryFolder(), "page.html");
	await writeEvaluationPage(file, page);
	return file;
}

test("it is written whole or not at all", async () => {
	const folder = temporaryFolder();
	const made = await makeEvaluation({
		datasets: [{ ...plans[1]!, categories: ["candle"] }],
		pictures: false,
	});
	async function* broken() {
		yield* made.images;
		throw new Error("the disk of the images is gone");
	}
	await expect(
		writeEvaluationPage(join(folder, "page.html"), {
			...made,
			images: broken(),
		}),
	).rejects.toThrow("the disk of the images is gone");
	expect(readdirSync(folder)).toEqual([]);
});

test("an image of a category that was not evaluated is refused", async () => {
	const made = await makeEvaluation({
		datasets: [{ ...plans[1]!, categories: ["candle"] }],
		pictures: false,
	});
	await expect(
		writeEvaluationPage(join(temporaryFolder(), "page.html"), {
			...made,
			images: [{ ...made.images[0]!, category: "candles" }],
		}),
	).rejects.toThrow("VisA / candles");
});

describe.skipIf(noBrowser)(
	`in a browser${noBrowser && ` (${noBrowser})`}`,
	() => {
		let browser: Browser;
		beforeAll(async () => {
			browser = await launch();
		});
		afterAll(() => browser?.close());

		test("names that attack the page are shown and do nothing", async () => {
			const names = [
				"<img src=x onerror=alert(1)>",
				"</script><script>alert(2)</script>",
				"\u202e\u2067gnp.exe",
				"__proto__",
				"x".repeat(300),
				"\"'&<!--<script>",
			];
			const hostile = await makeEvaluation({
				datasets: [
					{
						name: names[0]!,
						categories: names.slice(0, 5),
						kinds: [names[1]!, names[5]!, names[4]!],
						good: 4,
						defective: 6,
					},
				],
				prompt: names[0]!,
			});
			const { page, errors, requests } = await open(
				browser,
				await written(hostile),
				{ width: 400 },
			);
			for (const name of names.slice(0, 5))
				expect(
					await page.locator("#category-table tbody th bdi").allTextContents(),
				).toContain(name);
			await page.locator(".cards article").first().scrollIntoViewIfNeeded();
			expect(await page.textContent(".cards article .bar bdi")).toBe(names[0]);
			expect(
				await page.$$eval(
					"script",
					(scripts) => scripts.filter((script) => !script.type).length,
				),
			).toBe(2);
			expect(await page.locator("img:not(.frame img)").count()).toBe(0);
			expect(
				await page.evaluate(
					() => document.documentElement.scrollWidth - innerWidth,
				),
			).toBeLessThanOrEqual(0);
			// Its direction marks turn the name and nothing after it.
			const places = await page.$$eval(".cards .names p", (lines) =>
				lines
					.filter(
						(line) =>
							line.textContent!.includes("\u2067") &&
							line.querySelector("span"),
					)
					.map((line) => {
						const text = line.querySelector("span")!.firstChild!;
						return [0, 1, 2, 3].map((at) => {
							const range = document.createRange();
							range.setStart(text, at);
							range.setEnd(text, at + 1);
							return range.getBoundingClientRect().left;
						});
					}),
			);
			expect(places.length).toBeGreaterThan(0);
			for (const place of places)
				expect(place).toEqual([...place].sort((a, b) => a - b));
			expect(errors).toEqual([]);
			expect(requests.filter((url) => !url.startsWith("data:"))).toHaveLength(
				1,
			);
			await page.close();
		});

		test("1,725 images do not hold it up", async () => {
			const many = await makeEvaluation({
				datasets: [
					{
						...plans[0]!,
						categories: Array.from({ length: 15 }, (_, i) => `category ${i}`),
						good: 31,
						defective: 84,
					},
				],
			});
			expect(many.images).toHaveLength(1725);
			const { page, errors } = await open(browser, await written(many), {
				init: 'window.tasks = []; new PerformanceObserver((list) => tasks.push(...list.getEntries().map((each) => each.duration))).observe({ type: "longtask", buffered: true })',
			});
			const usable = await page.evaluate(() => performance.now());
			expect(usable).toBeLessThan(5000);
			for (const sort of ["best", "up", "worst"])
				await page.selectOption("#filter-sort", sort);
			for (let i = 0; i < 5; i++)
				await page.click('.pager button[data-turn="1"]');
			await page.mouse.wheel(0, 4000);
			await page.waitForTimeout(500);
			expect(await page.locator(".cards article").count()).toBe(48);
			expect(await page.locator(".cards article img").count()).toBeLessThan(48);
			const longest = Math.max(
				0,
				...(await page.evaluate(
					() => (window as unknown as { tasks: number[] }).tasks,
				)),
			);
			expect(longest).toBeLessThan(1000);
			expect(errors).toEqual([]);
			await page.close();
		});

		test("400 pixels are enough, and nothing glides for who asked for rest", async () => {
			const { page } = await open(
				browser,
				await written(await makeEvaluation({ datasets: plans.slice(1) })),
				{ width: 400, reducedMotion: true },
			);
			expect(
				await page.evaluate(
					() => document.documentElement.scrollWidth - innerWidth,
				),
			).toBeLessThanOrEqual(0);
			expect(
				await page.evaluate(
					() => getComputedStyle(document.documentElement).scrollBehavior,
				),
			).toBe("auto");
			await page.close();
		});

		test("a map of the centre square lies on the centre square", async () => {
			const made = await makeEvaluation({
				datasets: [{ ...plans[0]!, categories: ["wide", "wider"] }],
			});
			const variants = made.evaluation.variants.map((variant) => ({
				...variant,
				settings: { ...variant.settings, fit: "crop" as const },
			}));
			const { page } = await open(
				browser,
				await written({
					...made,
					evaluation: { ...made.evaluation, variants },
				}),
			);
			await page.selectOption("#filter-category", "0/1");
			await page.locator(".cards article").first().scrollIntoViewIfNeeded();
			await page.locator(".cards canvas.heat").first().waitFor();
			const [frame, heat] = await Promise.all(
				[".frame", "canvas.heat"].map((selector) =>
					page.locator(`.cards ${selector}`).first().boundingBox(),
				),
			);
			expect(frame!.width / frame!.height).toBeCloseTo(160 / 120, 1);
			expect(heat!.width / heat!.height).toBeCloseTo(1, 1);
			expect(heat!.height).toBeCloseTo(frame!.height, 0);
			expect(heat!.x + heat!.width / 2).toBeCloseTo(
				frame!.x + frame!.width / 2,
				0,
			);
			await page.close();
		});

		test("a dataset without a category leaves a page all the same", async () => {
			const { page, errors } = await open(
				browser,
				await written({
					...(await makeEvaluation({
						datasets: [{ ...plans[0]!, categories: [] }],
					})),
				}),
				{ empty: true },
			);
			await page.getByText("No image is like that.").waitFor();
			expect(errors).toEqual([]);
			await page.close();
		});
	},
);
